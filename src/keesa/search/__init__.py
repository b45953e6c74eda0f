"""Searching tickets: what may be asked, what it means, and how each engine is asked for it."""
