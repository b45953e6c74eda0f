"""The current version: the 2024 document, and what Keesa adds to it. A file a noun, or a folder."""

from keesa.api.v2024 import (
    audit,
    canned_answers,
    categories,
    coffee,
    customers,
    ecos,
    me,
    notes,
    open_sessions,
    passwords,
    permissions,
    products,
    roles,
    sessions,
    statuses,
    ticket_types,
    tickets,
    tokens,
    users,
)
from keesa.api.v2024.errors import Error, InvalidError, render_error
from keesa.web.routes import ApiVersion

VERSION_2024 = ApiVersion(
    "2024",
    [
        *sessions.ROUTES,
        *passwords.ROUTES,
        *me.ROUTES,
        *tickets.ROUTES,
        *notes.ROUTES,
        *canned_answers.ROUTES,
        *customers.ROUTES,
        *ecos.ROUTES,
        *products.ROUTES,
        *ticket_types.ROUTES,
        *categories.ROUTES,
        *statuses.ROUTES,
        *users.ROUTES,
        *roles.ROUTES,
        *permissions.ROUTES,
        *open_sessions.ROUTES,
        *tokens.ROUTES,
        *audit.ROUTES,
        *coffee.ROUTES,
    ],
    render_error,
    Error,
    InvalidError,
)
