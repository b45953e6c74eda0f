"""Tickets, as the 2024 document has them."""

from keesa.api.v2024.tickets import changing, editing, history, lists, raising, showing

ROUTES = [
    *raising.ROUTES,
    *lists.ROUTES,
    *showing.ROUTES,
    *changing.ROUTES,
    *editing.ROUTES,
    *history.ROUTES,
]
