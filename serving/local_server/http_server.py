"""HTTP/1.1 around a function: connections, bodies, headers. Knows nothing of models."""

from __future__ import annotations

import logging
import re
import socket
import zlib
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore, Condition, Thread
from typing import Any

from serving.local_server.rest_api import Reply

IDLE_TIMEOUT_S = 120
"""After this long without a request a connection is closed."""

MAX_UNPACKED = 100 * 2**20
"""Bytes of a body that came as gzip; what would be more is not unpacked. The original's bound."""

Answer = Callable[[str, str, Mapping[str, str], bytes], Reply]
"""method, path (with its query, as the original's handlers get it), headers and body -> the answer."""

_ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - compared, and the original's only choice.

_ABSOLUTE = re.compile(r"^https?://[^/?#]*(?=/)", re.IGNORECASE)
"""What stands before the path where a client asks as one asks a proxy."""

_log = logging.getLogger(__name__)
_PLAIN_404 = Reply(
    404,
    b"<HTML><HEAD>\n<TITLE>404 Not Found</TITLE>\n</HEAD><BODY>\n<H1>Not Found</H1>\n</BODY></HTML>\n",
    {"Content-Type": "text/html"},
)


class HttpServer:
    """Listens from the start; `serve` answers, `stop` lets the requests under way end."""

    def __init__(self, host: str, port: int, *, max_requests: int) -> None:
        """`max_requests` run at once; others wait. Raises OSError when the address cannot be had."""
        self._routes: list[tuple[Callable[[str], bool], Answer]] = []
        self._busy, self._idle = 0, Condition()
        self._slots = BoundedSemaphore(max_requests)
        self._server = _listen(host, port, _handler(self._answer))
        self.port: int = self._server.server_address[1]

    def route(self, matches: Callable[[str], bool], answer: Answer) -> None:
        """Send the paths that `matches` accepts to `answer`; the first match wins."""
        self._routes.append((matches, answer))

    def serve(self) -> None:
        """Begin to answer."""
        Thread(target=self._server.serve_forever, args=(0.05,), name="rest", daemon=True).start()

    def stop(self, grace_s: float) -> None:
        """Take no new connections; return when no request is under way, or the grace time is over."""
        self._server.shutdown()
        self._server.server_close()
        with self._idle:
            self._idle.wait_for(lambda: not self._busy, grace_s)

    def _answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        with self._idle:
            self._busy += 1
        try:
            with self._slots:
                for matches, answer in self._routes:
                    if matches(path):
                        return answer(method, path, headers, body)
                return _PLAIN_404
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    allow_reuse_address = True


class _DualServer(_Server):
    """Listens for IPv6 and IPv4 alike, as gRPC and the original do."""

    address_family = socket.AF_INET6

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


def _listen(host: str, port: int, handler: type[BaseHTTPRequestHandler]) -> _Server:
    if host == _ANY_ADDRESS:
        try:
            return _DualServer(("::", port), handler)
        except OSError:
            _log.info("No IPv6 on this machine, or not this port.")
    return _Server((host, port), handler)


def _unpacked(body: bytes) -> bytes:
    """What gzip holds; nothing where it is broken or holds too much, which the original's handlers see as no body."""
    reader = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        content = reader.decompress(body, MAX_UNPACKED)
    except zlib.error:
        return b""
    return content if reader.eof else b""


def _handler(answer: Answer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version, sys_version = "rollcall-model-server", ""
        timeout = IDLE_TIMEOUT_S
        disable_nagle_algorithm = True
        wbufsize = -1  # Head and body of an answer leave in one packet.

        def _respond(self) -> None:
            try:
                body = self._read_body()
            except ValueError as error:
                self.close_connection = True
                self._send(Reply(400, str(error).encode(), {"Content-Type": "text/plain"}))
                return
            try:
                reply = answer(self.command, _ABSOLUTE.sub("", self.path), self.headers, body)  # type: ignore[arg-type]
            except Exception:  # noqa: BLE001 - a fault of ours must not take the connection's thread with it.
                _log.exception("Answering %s", self.command)
                reply = Reply(500, b'{"error": "internal error"}')
            self._send(reply)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_HEAD = _respond  # noqa: N815

        def _send(self, reply: Reply) -> None:
            self.send_response(reply.code, "Client Closed Request" if reply.code == 499 else None)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)
            self.wfile.flush()

        def _read_body(self) -> bytes:
            """The body, unpacked; raises ValueError for one that is not what its headers say."""
            if "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
                body = self._read_chunks()
            else:
                length = int(self.headers.get("Content-Length") or 0)
                if length < 0:
                    raise ValueError("Content-Length is negative.")
                body = self.rfile.read(length)
                if len(body) < length:
                    raise ValueError("The body is shorter than its Content-Length.")
            return _unpacked(body) if "gzip" in (self.headers.get("Content-Encoding") or "") else body

        def _read_chunks(self) -> bytes:
            parts = []
            while size := int(self.rfile.readline(64).split(b";")[0], 16):
                if size < 0 or len(part := self.rfile.read(size)) < size:
                    raise ValueError("A chunk is not as long as it says.")
                parts.append(part)
                self.rfile.readline(8)
            while self.rfile.readline(8192).strip():
                continue
            return b"".join(parts)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so.
            """Nothing per request: the metrics count them."""

        def handle_one_request(self) -> None:
            """Like the base class, but a peer that goes away is no error."""
            try:
                super().handle_one_request()
            except (TimeoutError, ConnectionError):
                self.close_connection = True

    return Handler
