"""Tickets, as the 2024 document has them."""

from keesa.api.v2024.tickets import bulk, changing, counts, editing, history, lists, raising, rows, searching, showing

ROUTES = [
    *raising.ROUTES,
    *lists.ROUTES,
    *rows.ROUTES,
    *counts.ROUTES,
    *searching.ROUTES,
    *showing.ROUTES,
    *changing.ROUTES,
    *editing.ROUTES,
    *history.ROUTES,
    *bulk.ROUTES,
]
