"""Calling the API in this process, as somebody."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from httpx2 import Response
from starlette.testclient import TestClient

from cast import Person
from keesa.accounts.sessions import Version


@dataclass(frozen=True)
class Api:
    """The API as one person calls it, below `/api/v1`."""

    client: TestClient
    token: str

    def __call__(self, method: str, path: str, json: object = None, **headers: str) -> Response:
        sent = {"Authorization": f"Bearer {self.token}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        if json is None:
            return self.client.request(method, f"/api/v1{path}", headers=sent)
        return self.client.request(method, f"/api/v1{path}", json=json, headers=sent)

    def form(
        self, path: str, *parts: tuple[str, bytes], fields: Mapping[str, object] = MappingProxyType({}), **headers: str
    ) -> Response:
        """A form with a file of that name for each part."""
        sent = {"Authorization": f"Bearer {self.token}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        files = [("images", (name, content, "image/jpeg")) for name, content in parts]
        return self.client.post(f"/api/v1{path}", files=files, data=dict(fields), headers=sent)


class ApiFor(Protocol):
    """The API with a new session of that person's."""

    def __call__(self, person: Person, version: Version = "2024") -> Api: ...


def of_one(answer: Response) -> Response:
    """What became of the one ticket of a `POST /tickets/bulk`, as a call for it alone is answered."""
    if answer.status_code != 200:
        return answer
    [result] = answer.json()["data"]["results"]
    return Response(
        result["status"], json={key: told for key in ("error", "errors") if (told := result[key]) is not None}
    )
