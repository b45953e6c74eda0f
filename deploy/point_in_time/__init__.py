"""docs/point-in-time.md, tried: `make point-in-time`."""
