"""What happens on the desk, in the order of commits, as who asks may know of it."""
