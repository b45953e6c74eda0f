"""HTTP/1.1 for an ASGI application: connections with deadlines and budgets, in worker processes that are watched."""
