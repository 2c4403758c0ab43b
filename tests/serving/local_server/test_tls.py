"""--ssl_config_file: gRPC over TLS, with the client's certificate checked where that is asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import grpc
import pytest

from bench.ports import free_port
from serving.local_server.model_configuration import UnreadableConfig
from serving.local_server.tls import read_credentials
from tests.serving.harness import RunningServer


def make_pair(folder: Path, name: str) -> tuple[str, str]:
    """A key and its own certificate for `localhost`, as PEM texts."""
    if shutil.which("openssl") is None:
        reason = "openssl is not installed here."
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    key, certificate = folder / f"{name}.key", folder / f"{name}.crt"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    return key.read_text(), certificate.read_text()


def write_config(folder: Path, **fields: str | bool) -> Path:
    def text(value: str | bool) -> str:
        return str(value).lower() if isinstance(value, bool) else '"' + value.replace("\n", "\\n") + '"'

    path = folder / "ssl.config"
    path.write_text("\n".join(f"{name}: {text(value)}" for name, value in fields.items()))
    return path


@pytest.mark.parametrize("verify", [False, True])
def test_grpc_speaks_tls_alone(saved_models: Path, tmp_path: Path, verify: bool) -> None:
    key, certificate = make_pair(tmp_path, "server")
    client_key, client_certificate = make_pair(tmp_path, "client")
    more = {"custom_ca": client_certificate, "client_verify": True} if verify else {}
    config = write_config(tmp_path, server_key=key, server_cert=certificate, **more)
    port, base = free_port(), str(saved_models / "half_plus_two")
    server = RunningServer(tmp_path, model_name="m", model_base_path=base, port=port, ssl_config_file=str(config))

    def reaches(credentials: grpc.ChannelCredentials, within_s: float = 30) -> bool:
        with grpc.secure_channel(f"localhost:{port}", credentials) as channel:
            try:
                grpc.channel_ready_future(channel).result(timeout=within_s)
            except grpc.FutureTimeoutError:
                return False
            method = "/tensorflow.serving.ModelService/GetModelStatus"
            return bool(channel.unary_unary(method)(b"\n\x03\n\x01m", timeout=10))

    anonymous = grpc.ssl_channel_credentials(certificate.encode())
    known = grpc.ssl_channel_credentials(certificate.encode(), client_key.encode(), client_certificate.encode())
    assert reaches(known)
    assert reaches(anonymous, within_s=1 if verify else 30) is not verify
    with grpc.insecure_channel(f"localhost:{port}") as plain, pytest.raises(grpc.RpcError, match="UNAVAILABLE"):
        plain.unary_unary("/tensorflow.serving.ModelService/GetModelStatus")(b"", timeout=5)
    assert server.http("GET", "/v1/models/m")[0] == 200
    server.stop()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"server_key": "k"}, "must hold server_key and server_cert"),
        ({"server_key": "k", "server_cert": "c", "client_verify": True}, "needs custom_ca"),
    ],
)
def test_incomplete_configuration_is_refused(tmp_path: Path, fields: dict[str, str | bool], reason: str) -> None:
    with pytest.raises(UnreadableConfig, match=reason):
        read_credentials(str(write_config(tmp_path, **fields)))


def test_without_a_file_nothing_is_encrypted() -> None:
    assert read_credentials("") is None
