"""A model server that TensorFlow Serving's clients cannot tell from the original, for machines without its container.

One data plane (`data_plane.py`) answers both transports (`grpc_api.py`, `rest_api.py`). The graph is executed by
TensorFlow, in `executor.py` and nowhere else.
"""
