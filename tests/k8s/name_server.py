"""A name server of one name, whose addresses a test changes; RFC 1035, A records only."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Sequence


class NameServer:
    """Answers each question for an A record with `hosts`, of no age; others with nothing. Counts them."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self.hosts = list(hosts)
        self.questions = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.2)
        self.port = int(self._socket.getsockname()[1])
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._ended.set()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                question, client = self._socket.recvfrom(512)
            except TimeoutError:
                continue
            self._socket.sendto(self._answer(question), client)

    def _answer(self, question: bytes) -> bytes:
        self.questions += 1
        end = 12
        while question[end]:
            end += question[end] + 1
        asked = question[12 : end + 5]
        hosts = self.hosts if asked[-4:-2] == b"\x00\x01" else []
        header = struct.pack("!2sHHHHH", question[:2], 0x8180, 1, len(hosts), 0, 0)
        records = b"".join(struct.pack("!HHHIH", 0xC00C, 1, 1, 0, 4) + socket.inet_aton(host) for host in hosts)
        return header + asked + records
