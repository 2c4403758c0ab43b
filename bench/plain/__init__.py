"""The plain ways, as many a project does it: what the benchmarks `bulk` and `classify` are compared with."""
