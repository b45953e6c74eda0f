"""Reading what clients send: bytes to JSON, and JSON, queries and forms to declared structs."""
