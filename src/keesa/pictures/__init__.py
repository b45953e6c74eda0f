"""Pictures, judged by what they hold, and made anew so that nothing hidden is left in them."""
