"""The current version: the 2024 document, and what Keesa adds to it."""

from keesa.api.http import ApiVersion
from keesa.api.v2024.answers import Error, InvalidError
from keesa.api.v2024.errors import render_error
from keesa.api.v2024.routes import ROUTES

VERSION_2024 = ApiVersion("2024", ROUTES, render_error, Error, InvalidError)
