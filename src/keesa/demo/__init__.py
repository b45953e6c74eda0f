"""The documented world: the documents' own people and tickets, and enough around them to look at."""
