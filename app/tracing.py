"""Traces for OpenTelemetry, where its own variables name a collector and the extra `otel` is installed.

Spans hold names of routes, phases, tables and jobs: no ids of users or items, no texts of errors, no statements.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from threading import Thread
from typing import TYPE_CHECKING

import structlog

from models import DISTRIBUTION

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, SpanKind, Tracer

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_SERVICE = "braid"
"""The name of the service unless `OTEL_SERVICE_NAME` says another."""
_TAKEN = {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}
_END_SECONDS = 2.0
_NO_NAME = "unknown_service"
_log = structlog.get_logger(__name__)
Attributes = Mapping[str, str | int]


class Traces:
    """The traces of this process: off until `running`, and then only where `wanted`."""

    def __init__(self) -> None:
        self._tracer: Tracer | None = None

    @property
    def wanted(self) -> bool:
        """Whether the variables of OpenTelemetry ask for traces."""
        read = os.environ.get
        refused = read("OTEL_SDK_DISABLED", "").lower() == "true" or read("OTEL_TRACES_EXPORTER", "otlp") == "none"
        return not refused and any(read(name) for name in _ENDPOINTS)

    @property
    def on(self) -> bool:
        """Whether spans are made."""
        return self._tracer is not None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Make spans and send them, if that is wanted; at the end what is left is sent."""
        provider = None if self.on or not self.wanted else _provider()
        if provider is None:
            yield
            return
        self._tracer = provider.get_tracer(_SERVICE, version(DISTRIBUTION))
        try:
            yield
        finally:
            self._tracer = None
            _end(provider)

    @contextmanager
    def request(self, headers: Mapping[str, str], attributes: Attributes) -> "Iterator[Span]":
        """Make the span of a request, below that of a `traceparent` among its headers; only while `on`."""
        from opentelemetry.trace import SpanKind  # noqa: PLC0415 - the extra
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

        assert self._tracer is not None, "on was asked for"  # noqa: S101
        parent = TraceContextTextMapPropagator().extract(headers)
        with self._tracer.start_as_current_span(
            _SERVICE,
            parent,
            SpanKind.SERVER,
            attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            yield span

    @contextmanager
    def root(self, name: str, attributes: Attributes) -> Iterator[None]:
        """Make a span that begins a trace of its own, while `on`."""
        if self._tracer is None:
            yield
            return
        with (
            self._tracer.start_as_current_span(
                name, attributes=attributes, record_exception=False, set_status_on_exception=False
            ) as span,
            noting_errors(span),
        ):
            yield

    def child(self, name: str, attributes: Attributes | None = None, *, client: bool = False) -> "Span | None":
        """Start a span below that of the request or job under way; None where there is none, or it is not recorded.

        Parameters
        ----------
        client
            Whether it is a call of another system, such as the database.
        """
        if self._tracer is None:
            return None
        from opentelemetry import trace  # noqa: PLC0415 - the extra

        if not trace.get_current_span().is_recording():
            return None
        kind: SpanKind = trace.SpanKind.CLIENT if client else trace.SpanKind.INTERNAL
        return self._tracer.start_span(name, kind=kind, attributes=attributes)

    def note(self, name: str, value: str) -> None:
        """Add an attribute to the span of the request or job under way."""
        if self.on:
            from opentelemetry.trace import get_current_span  # noqa: PLC0415 - the extra

            get_current_span().set_attribute(name, value)


traces = Traces()


@contextmanager
def noting_errors(span: "Span") -> Iterator[None]:
    """Note the kind of an error in a span: its text may name users."""
    try:
        yield
    except Exception as error:
        failed(span, type(error).__name__)
        raise


def failed(span: "Span", kind: str) -> None:
    """Note in a span that it ended with an error of this kind."""
    from opentelemetry.trace import StatusCode  # noqa: PLC0415 - the extra

    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR)


def _end(provider: "TracerProvider") -> None:
    """Send what is left, but let nobody wait for a collector that does not answer."""
    ending = Thread(target=provider.shutdown, daemon=True)
    ending.start()
    ending.join(_END_SECONDS)


def _provider() -> "TracerProvider | None":
    """Return what makes spans and sends them from a thread; None, with a line in the log, without the extra."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        advice = f"install it with `pip install '{DISTRIBUTION}[otel]'`, or unset OTEL_EXPORTER_OTLP_ENDPOINT"
        _log.warning("no traces are sent: OpenTelemetry is not installed", missing=error.name, advice=advice)
        return None
    for variable, taken in _TAKEN.items():
        if (given := os.environ.get(variable, taken)) != taken:
            _log.warning("traces go by OTLP over HTTP: another value is ignored", variable=variable, value=given)
    resource = Resource.create({"service.version": version(DISTRIBUTION), "process.pid": os.getpid()})
    if str(resource.attributes["service.name"]).startswith(_NO_NAME):
        resource = resource.merge(Resource({"service.name": _SERVICE}))
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
