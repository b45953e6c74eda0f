"""The current version: the 2024 document, and what Keesa adds to it. A file a noun, or a folder."""

from keesa.api.v2024 import coffee, customers, notes, open_sessions, sessions, tickets, tokens
from keesa.api.v2024.errors import Error, InvalidError, render_error
from keesa.web.routes import ApiVersion

VERSION_2024 = ApiVersion(
    "2024",
    [
        *sessions.ROUTES,
        *tickets.ROUTES,
        *notes.ROUTES,
        *customers.ROUTES,
        *open_sessions.ROUTES,
        *tokens.ROUTES,
        *coffee.ROUTES,
    ],
    render_error,
    Error,
    InvalidError,
)
