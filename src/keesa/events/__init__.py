"""What becomes of tickets: an event for each change."""
