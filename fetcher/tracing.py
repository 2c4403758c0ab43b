"""Traces of the fetcher by OpenTelemetry's own instrumentations, where OTEL_EXPORTER_OTLP_ENDPOINT says where to.

Without it nothing of OpenTelemetry is imported. A span names routes and hosts, never a handle, and what it adds to a
request stays in the house (`fetcher/sources/transport.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask

if TYPE_CHECKING:
    from opentelemetry.trace import Span
    from requests import PreparedRequest

QUIET = "livez,readyz,metrics"
"""Asked every few seconds by probes, which nobody follows."""


def trace_fetcher(app: Flask, endpoint: str | None) -> None:
    """A span for each request to `app`, continuing the caller's, and for each request to a platform."""
    if endpoint is None:
        return
    from opentelemetry import trace  # noqa: PLC0415 - as the docstring says, and so below.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.instrumentation.flask import FlaskInstrumentor  # noqa: PLC0415
    from opentelemetry.instrumentation.requests import RequestsInstrumentor  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": "rollcall-fetcher"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")))
    trace.set_tracer_provider(provider)
    RequestsInstrumentor().instrument(request_hook=_without_handles)
    # Paths of our own routes hold no handle: accounts stand in the bodies.
    FlaskInstrumentor().instrument_app(app, excluded_urls=QUIET)  # type: ignore[no-untyped-call]


def _without_handles(span: Span, sent: PreparedRequest, *_: Any) -> None:
    """The host stands for the address, which may hold handles."""
    host = str(sent.url).split("/", 3)[2]
    for name in ("http.url", "url.full"):
        span.set_attribute(name, f"https://{host}/")
