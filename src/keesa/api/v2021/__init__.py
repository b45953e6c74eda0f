"""The 2021 document, frozen: nothing is added here."""

from keesa.api.v2021.answers import Error
from keesa.api.v2021.errors import render_error
from keesa.api.v2021.routes import ROUTES
from keesa.web.routes import ApiVersion

VERSION_2021 = ApiVersion("2021", ROUTES, render_error, Error, Error)
