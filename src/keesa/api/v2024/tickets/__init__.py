"""Tickets, as the 2024 document has them."""

from keesa.api.v2024.tickets import bulk, changing, editing, history, lists, raising, rows, searching, showing

ROUTES = [
    *raising.ROUTES,
    *lists.ROUTES,
    *rows.ROUTES,
    *searching.ROUTES,
    *showing.ROUTES,
    *changing.ROUTES,
    *editing.ROUTES,
    *history.ROUTES,
    *bulk.ROUTES,
]
