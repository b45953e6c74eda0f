"""`GET /metrics`: what a server counts, for Prometheus (docs/decisions/0038-metrics.md)."""
