"""Logging in through the API, as each version's clients do."""

from typing import Final

from httpx2 import Response
from starlette.testclient import TestClient

import cast
from keesa.accounts.sessions import Version

LOGIN: Final[dict[Version, str]] = {"2021": "/api/v1/auth", "2024": "/api/v1/auth/login"}
REFRESH: Final[dict[Version, str]] = {"2021": "/api/v1/auth/refresh_token", "2024": "/api/v1/auth/refresh"}
LOGOUT: Final = "/api/v1/auth/logout"
LOGOUT_BY_REFRESH: Final = "/api/v1/auth/logout_by_refresh"


def try_password(client: TestClient, email: str, password: str, version: Version = "2024", **headers: str) -> Response:
    """The answer to a login in JSON; header names come with `_` for `-`."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(LOGIN[version], json={"user": email, "password": password}, headers=sent)


def log_in(client: TestClient, person: cast.Person, version: Version = "2024", **headers: str) -> dict[str, str]:
    """The tokens of a new session, as the version answers them."""
    answer = try_password(client, person.email, cast.PASSWORD, version, **headers)
    assert answer.status_code == 200, answer.text
    tokens: dict[str, str] = answer.json()
    return tokens


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def refresh_header(token: str) -> dict[str, str]:
    return {"X-Refresh-Token": token}
