"""Work that outlives a request, in the desk's own database: queued in a transaction, done by whoever is free."""
