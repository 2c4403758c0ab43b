from __future__ import annotations

import pytest

from serving.local_server.flags import Flags, InvalidFlag, check_flags, parse_flags, usage
from serving.local_server.server import channel_arguments


def test_defaults_are_the_originals() -> None:
    flags, unknown = parse_flags([])
    assert (flags, unknown) == (Flags(), [])
    assert (flags.port, flags.rest_api_port, flags.model_name, flags.max_num_load_retries) == (8500, 0, "default", 5)
    assert (flags.load_retry_interval_micros, flags.file_system_poll_wait_seconds) == (60_000_000, 1)


def test_values_follow_an_equals_sign_and_bare_bools_are_true() -> None:
    flags, unknown = parse_flags(["--port=1", "--model_name=a=b", "--enable_batching", "--enable_model_warmup=false"])
    assert (flags.port, flags.model_name, flags.enable_batching, flags.enable_model_warmup) == (1, "a=b", True, False)
    assert unknown == []


@pytest.mark.parametrize("argument", ["--nothing=1", "-port=1", "--port", "port=1", "--"])
def test_what_no_flag_knows_is_unknown(argument: str) -> None:
    assert parse_flags([argument]) == (Flags(), [argument])


@pytest.mark.parametrize("argument", ["--port=x", "--enable_batching=maybe", "--port="])
def test_value_that_does_not_fit_is_named(argument: str) -> None:
    with pytest.raises(InvalidFlag, match="Couldn't interpret value"):
        parse_flags([argument])


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (Flags(port=0, model_base_path="/m"), "grpc_port is not set"),
        (Flags(), "are empty!"),
        (Flags(model_base_path="/m", batching_parameters_file="/b"), "without setting server_options.enable_batching"),
        (
            Flags(
                model_base_path="/m",
                tensorflow_session_parallelism=1,
                tensorflow_intra_op_parallelism=1,
                tensorflow_inter_op_parallelism=1,
            ),
            "You cannot configure all",
        ),
        (Flags(model_base_path="/m", port=2**16), "--port=65536 is not the number of a port"),
        (Flags(model_base_path="/m", rest_api_port=-1), "--rest_api_port=-1 is not the number of a port"),
        (Flags(model_base_path="/m", grpc_max_threads=0), "--grpc_max_threads must be at least 1"),
        (Flags(model_base_path="/m", rest_api_num_threads=0), "--rest_api_num_threads must be at least 1"),
        (Flags(model_base_path="/m", use_alts_credentials=True), "--use_alts_credentials is not offered"),
    ],
)
def test_what_cannot_start_is_refused(flags: Flags, reason: str) -> None:
    with pytest.raises(InvalidFlag, match=reason):
        check_flags(flags)


def test_socket_alone_is_enough_to_listen() -> None:
    check_flags(Flags(port=0, grpc_socket_path="/s", model_base_path="/m"))


def test_usage_names_every_flag_with_its_default() -> None:
    text = usage()
    assert '\t--model_name="default"\tstring\t' in text
    assert "\t--enable_model_warmup=true\tbool\t" in text


def test_arguments_of_the_grpc_server_are_numbers_where_they_are_int32() -> None:
    text = "a=1,b=-2,c=grpclb,d=2147483648,e=--5,f=\u00b2,nothing,g=x=y"
    wanted = [("a", 1), ("b", -2), ("c", "grpclb"), ("d", "2147483648"), ("e", "--5"), ("f", "\u00b2"), ("g", "x=y")]
    assert channel_arguments(text) == wanted
