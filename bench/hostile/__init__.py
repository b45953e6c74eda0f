"""A server under clients that mean it no good, or have a very bad link: what others feel of them, and what stays."""
