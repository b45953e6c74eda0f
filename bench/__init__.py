"""Measurements that anyone can run: `make bench` (docs/performance.md tells what they showed)."""
