"""Tickets: raised, found, listed, assigned, and moved from status to status."""
