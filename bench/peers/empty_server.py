"""`python -m bench.peers.empty_server PORT`: the floor, a gRPC method that does nothing, in Python with threads."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc

METHOD = "/bench.Empty/Call"
_THREADS = 4 * (os.cpu_count() or 1)
"""As many as the local model server has."""


def main(port: int) -> None:
    """Answer nothing with nothing until killed."""
    server = grpc.server(ThreadPoolExecutor(_THREADS))
    handler = grpc.unary_unary_rpc_method_handler(lambda request, _: request)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.Empty", {"Call": handler}),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main(int(sys.argv[1]))
