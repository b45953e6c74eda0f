"""Tickets, as the 2024 document has them."""

from keesa.api.v2024.tickets import bulk, changing, lists, raising, showing

ROUTES = [*raising.ROUTES, *lists.ROUTES, *showing.ROUTES, *changing.ROUTES, *bulk.ROUTES]
