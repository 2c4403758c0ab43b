"""Traces of the whole system, as a collector gets them."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.integration.running_system import running_system


class Collector:
    """Takes spans by OTLP over HTTP; `received` holds every request's bytes."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def spans(self) -> list[tuple[str, str, bytes]]:
        """Service, name and trace of each span."""
        found = []
        for body in list(self.received):
            for each in ExportTraceServiceRequest.FromString(body).resource_spans:
                attributes = {one.key: one.value.string_value for one in each.resource.attributes}
                for scope in each.scope_spans:
                    found += [(attributes["service.name"], span.name, span.trace_id) for span in scope.spans]
        return found


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.server.shutdown()
    collector.server.server_close()


def test_one_trace_goes_over_every_hop_and_names_nobody(collector: Collector, tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{collector.server.server_port}"
    with running_system(
        tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=address, OTEL_BSP_SCHEDULE_DELAY="200", OTEL_SDK_DISABLED="false"
    ) as system:
        assert system.classify("https://x.com/reg_traced_one").status_code == 200
        deadline = time.monotonic() + 20
        while True:
            spans = collector.spans()
            roots = {trace for service, name, trace in spans if "classify" in name}
            if roots and any(trace in roots for service, _, trace in spans if service == "rollcall-fetcher"):
                break
            assert time.monotonic() < deadline, spans
            time.sleep(0.1)
    (trace,) = roots
    hops = {(service, name) for service, name, of in collector.spans() if of == trace}
    assert ("rollcall-gateway", "POST /api/v1/classify") in hops
    assert ("rollcall-fetcher", "POST /profiles") in hops
    assert any(service == "rollcall-gateway" and "PredictionService/Predict" in name for service, name in hops)
    assert any(service == "rollcall-fetcher" and name == "GET" for service, name in hops), "the platform"
    assert not any(b"reg_traced_one" in body for body in collector.received)


@pytest.mark.parametrize("service", ["gateway", "fetcher"])
def test_without_an_endpoint_nothing_of_it_is_loaded(service: str) -> None:
    """redis-py loads OpenTelemetry's interface by itself; the rest would be ours."""
    code = f"import sys, {service}.tracing, {service}.app; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    ours = ("opentelemetry.instrumentation", "opentelemetry.exporter", "opentelemetry.sdk.trace")
    assert not [name for name in loaded.split() if name.startswith(ours)]
