"""Notes: what is said about a ticket."""
