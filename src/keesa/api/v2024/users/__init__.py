"""Users, as administrators look after them, and as who works on tickets finds them."""

from keesa.api.v2024.users import changing, lists, password_links

ROUTES = [*lists.ROUTES, *changing.ROUTES, *password_links.ROUTES]
