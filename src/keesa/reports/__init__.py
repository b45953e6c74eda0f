"""How many tickets there are, were raised and were closed, by what, and how long they took."""
