"""Traces over all hops by OpenTelemetry's own instrumentations, where OTEL_EXPORTER_OTLP_ENDPOINT says where to.

Without it nothing of OpenTelemetry is imported. A span names routes and hosts, never a handle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask, request

if TYPE_CHECKING:
    from opentelemetry.trace import Span

QUIET = "livez,readyz,metrics"
"""Asked every few seconds by probes, which nobody follows."""


def start_tracing(service: str, endpoint: str | None) -> bool:
    """Trace the clients of the other hops; to be called before they are built. Whether there is anything to trace."""
    if endpoint is None:
        return False
    from opentelemetry import trace  # noqa: PLC0415 - as the docstring says, and so below.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.instrumentation.grpc import GrpcInstrumentorClient  # noqa: PLC0415
    from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": f"rollcall-{service}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")))
    trace.set_tracer_provider(provider)
    GrpcInstrumentorClient().instrument()  # type: ignore[no-untyped-call]
    URLLib3Instrumentor().instrument()
    return True


def trace_requests(app: Flask) -> None:
    """A span for each request to `app`, continuing the caller's."""
    from opentelemetry.instrumentation.flask import FlaskInstrumentor  # noqa: PLC0415

    instrument: Any = FlaskInstrumentor().instrument_app
    instrument(app, excluded_urls=QUIET, request_hook=_without_handles)


def _without_handles(span: Span, _environ: dict[str, Any]) -> None:
    """The route stands for the path, and nothing for the query."""
    route = request.url_rule.rule if request.url_rule else "none"
    for name in ("http.target", "url.path", "http.url", "url.full"):
        span.set_attribute(name, route)
    span.set_attribute("url.query", "")
