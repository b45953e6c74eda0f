"""Users, roles, sessions, tokens, passwords, and the one rule of who sees which ticket."""
