"""What is watched: Prometheus' configuration, rules and their tests, and the dashboards, which are made by code."""
