"""Two workers of one database, on PostgreSQL two far nodes, and its rows as they are now: what they answer against what
they should.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from typing import Final

import cast
from account_rows import join
from by_keesa import grant_permission, revoke_permission
from cast import (
    CAST,
    SCHOOL,
    Person,
)
from keesa.accounts.permissions import TICKETS_READ, TICKETS_WRITE, Permission
from keesa.accounts.sessions import Version
from keesa.api.file_addresses import FileAddresses
from keesa.clock import now
from keesa.db import Database, Tx
from live import LiveServer
from nodes import JITTER_MS, a_connection_each, two_nodes
from places import Place
from plain_answers import Answer, Question, World, said
from unpacking import unpacked
from workers import connect

VERSIONS: Final[tuple[Version, ...]] = ("2021", "2024")
PUPIL: Final = Person(6, "pupil@keesa.example", "Aminath Shifa", "Shifa", "customer", "customer", SCHOOL)
"""A user of the customer that the cast has none of."""
PEOPLE: Final = (*CAST, PUPIL)

RENAME_CUSTOMER: Final = "UPDATE customers SET name = :name WHERE id = :id"
RENAME_USER: Final = "UPDATE users SET full_name = :full_name, nick_name = :nick_name WHERE id = :id"
MOVE_USER: Final = "UPDATE users SET user_type = :user_type, customer_id = :customer_id WHERE id = :id"
DISABLE: Final = "UPDATE users SET disabled_at = :at WHERE id = :id"
ENABLE: Final = "UPDATE users SET disabled_at = NULL WHERE id = :id"
GIVE_TYPE: Final = "INSERT INTO role_ticket_types (role_id, ticket_type) VALUES (:role_id, :key)"
TAKE_TYPE: Final = "DELETE FROM role_ticket_types WHERE role_id = :role_id AND ticket_type = :key"
GIVE_ROLE: Final = "INSERT INTO user_roles (user_id, role_id, position) VALUES (:user_id, :role_id, 9)"
TAKE_ROLE: Final = "DELETE FROM user_roles WHERE user_id = :user_id AND role_id = :role_id"
END_SESSIONS: Final = "DELETE FROM sessions WHERE user_id = :id"
GO_OFFLINE: Final = "INSERT INTO settings (name, value) VALUES ('maintenance', 'on')"
GO_ONLINE: Final = "DELETE FROM settings WHERE name = 'maintenance'"

MAY_ALL: Final = (TICKETS_READ, TICKETS_WRITE)
MAY_WRITE: Final = (TICKETS_WRITE,)
MAY_READ: Final = (TICKETS_READ,)


@dataclass
class Desk:
    """Two workers, everybody's access tokens, and a hand on the database behind the workers' backs."""

    servers: Sequence[LiveServer]
    """One with both workers, or one for each."""

    workers: Sequence[HTTPConnection]
    database: Database
    tokens: dict[Person, str] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    """What was changed, for people."""

    def get(self, worker: HTTPConnection, question: Question) -> Answer:
        """Of the versions one is asked for compressed."""
        coding = "gzip" if question.version == "2024" else "identity"
        named = {"Keesa-Version": question.version, "Accept-Encoding": coding}
        return send(worker, "GET", question.target, {"Authorization": self.tokens[question.person], **named})

    def everywhere(self, question: Question) -> list[Answer]:
        """Of both workers in both versions, twice: the first four are the next answers after a change, the second
        four are those that may be remembered at the next one.
        """
        asked = [replace(question, version=version) for version in VERSIONS]
        return [self.get(worker, each) for _ in range(2) for worker in self.workers for each in asked]

    def act(
        self, worker: int, person: Person, path: str, body: object, *, method: str = "POST", version: Version = "2024"
    ) -> Answer:
        """Change something through a worker; no token stands in what is kept of it for people."""
        self.changes.append(f"{person.email}, {version}, worker {worker}: {method} {path} {body}")
        headers = {"Authorization": self.tokens[person], "Keesa-Version": version, "Content-Type": "application/json"}
        return send(self.workers[worker], method, f"/api/v1{path}", headers, json.dumps(body))

    def run(self, sql: str, **params: object) -> None:
        self.changes.append(f"{sql} {params}")
        self.database.write(lambda tx: tx.run(sql, **params))

    def permit(self, role_name: str, permissions: Sequence[Permission]) -> None:
        """Of the permissions of tickets the role gives these, and no others."""
        self.changes.append(f"{role_name} gives {[*map(str, permissions)]}")

        def work(tx: Tx) -> None:
            for permission in MAY_ALL:
                change = grant_permission if permission in permissions else revoke_permission
                change(tx, role_name, *permission)

        self.database.write(work)

    def world(self) -> World:
        return self.database.read(World)

    def role_id(self, name: str) -> int:
        found: int = next(role["id"] for role in self.world().roles.values() if role["name"] == name)
        return found

    @contextmanager
    def another(self) -> Iterator["Desk"]:
        """The same with connections of its own, for a thread of its own."""
        opened = [connect(server) for server in (self.servers[0], self.servers[-1])]
        try:
            yield replace(self, workers=opened)
        finally:
            for connection in opened:
                connection.close()

    def log_in(self, person: Person) -> None:
        self.tokens[person] = cast.token(self.database, person)


_ADDRESS: Final = re.compile(r"http://[^/\"]+/api/v1/files/([^\"]+)")
_SIGNED: Final = FileAddresses(cast.SECRET.encode())


def send(
    worker: HTTPConnection, method: str, target: str, headers: Mapping[str, str], body: str | None = None
) -> Answer:
    worker.request(method, target, body, headers)
    got = worker.getresponse()
    text = unpacked(got.read(), got.headers["Content-Encoding"]).decode()
    return got.status, json.loads(_ADDRESS.sub(_what_it_says, text) or "null")


def _what_it_says(address: re.Match[str]) -> str:
    """As `plain_answers` has it: each node has an address of its own, and each day."""
    read = _SIGNED.read(address[1], now())
    assert read is not None, "an address is no longer good"
    return said(read.attachment_id, read.customer_id)


@contextmanager
def two_workers(place: Place, database: Database, jitter_ms: float = JITTER_MS) -> Iterator[Desk]:
    """On the cast's database; everybody is logged in."""
    join(database, PUPIL)
    with two_nodes(place, jitter_ms, KEESA_SECRET=cast.SECRET) as servers, a_connection_each(servers) as found:
        opened = Desk(servers, found, database)
        for person in PEOPLE:
            opened.log_in(person)
        yield opened
