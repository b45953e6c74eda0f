"""Back-ups: all that belongs to a desk in one file, and a desk from such a file (docs/decisions/0030-back-ups.md)."""
