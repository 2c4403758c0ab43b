"""How the system does, on one screen: rates, latencies, limits, versions, from the metrics of its own processes."""
