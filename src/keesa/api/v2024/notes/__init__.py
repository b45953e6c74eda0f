"""The notes of tickets: what the 2024 document has of them, and Keesa's own addition."""

from keesa.api.v2024.notes import changing, documented, listing

ROUTES = [*documented.ROUTES, *listing.ROUTES, *changing.ROUTES]
