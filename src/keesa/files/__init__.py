"""Bytes that are kept beside the database: where, by which names, and how what nobody needs is swept away."""
