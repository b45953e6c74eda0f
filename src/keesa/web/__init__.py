"""HTTP mechanics: from a request to a route, its input, a transaction and a reply. Nothing here knows a domain."""
