"""What the trials of `deploy` share: programs, clients, and what these were told."""
