"""Pictures and files of tickets and of their notes."""
