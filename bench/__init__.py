"""Benchmarks against peers and floors; `make bench BENCH=name` or `python -m bench name`."""
