"""Who gets what from each path, in one table: five people of the cast, one who only reads, and one without a role.

Every path of both versions has its rows; a new one fails the first test until it is given some.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

import cast
from acting import tickets_as_kept
from asking import Api, ApiFor, of_one
from cast import (
    ADMIN,
    ASSIGNED,
    BOT,
    BY,
    CUSTOMER,
    ENGINEER,
    FILE,
    HARBOUR,
    HIDDEN,
    IMAGE,
    LONE,
    PASSWORD,
    RAISED,
    READER_ROLE,
    SCHOOL,
    STRANGER,
    STRANGERS,
    TAG,
    TOKEN,
    TYPED,
    UPLOAD,
    Person,
    add_person,
)
from drawn_pictures import picture
from jwts import payload_of, signed
from keesa.accounts.permissions import InSession
from keesa.accounts.sessions import Version
from keesa.app import VERSIONS
from keesa.attachments.keeping import keep_attachment
from keesa.attachments.made import NewFile, ReadyFile
from keesa.attachments.serving import Kind, StoredForm
from keesa.db import Database, Tx
from keesa.directory.tags import add_tag
from keesa.tickets.statuses import STATUSES
from new_tickets import ABSENT, BODY_2021, Body, changed
from route_tables import Endpoint, endpoints, filled

READER: Final = Person(6, "reader@keesa.example", "Ali Reader", "Ali", "staff", "reader")
"""Who may read and not write; STRANGERS is raised by them, for these tests."""
NEWCOMER: Final = Person(7, "newcomer@keesa.example", "Moosa New", "Moosa", "staff", "reader")
"""Who has no role yet; RAISED is assigned to them, and they see nothing of it."""
LEAVER: Final = Person(8, "leaver@keesa.example", "Ali Leaver", "Ali", "staff", "engineer")
"""Whom administrators look after; they ask for nothing themselves."""
PEOPLE: Final = (ADMIN, ENGINEER, STRANGER, CUSTOMER, BOT, READER, NEWCOMER)

LETTERS: Final = {"R": RAISED, "A": ASSIGNED, "T": TYPED, "S": STRANGERS, "H": HIDDEN}
MISSING: Final = 2025999
OWNERS: Final = {RAISED: SCHOOL, ASSIGNED: HARBOUR, TYPED: SCHOOL, STRANGERS: HARBOUR, HIDDEN: SCHOOL}

TABLE: Final = """
version method path                                          with     admin engineer stranger customer bot   reader newcomer

any     GET    /tickets/{ticket}                             -        RATSH RAT      S        AS       -     S      403
any     GET    /tickets/{ticket}/history                     -        RATSH RAT      S        AS       -     S      403
any     GET    /tickets/get_ticket_notes                     -        RATSH RAT      S        AS       -     S      403
any     GET    /tickets/{ticket}/notes                       -        RATSH RAT      S        AS       -     S      403
any     GET    /tickets/{ticket}/notes/{note}                -        RATSH RAT      S        AS       -     S      403
any     GET    /tickets/{ticket}/get_specific_ticket_for_bot owner    RATSH 403      403      403      RATSH 403    403
any     GET    /tickets/{ticket}/get_specific_ticket_for_bot other    -     403      403      403      -     403    403

2024    GET    /tickets                                      -        RATSH RAT      S        AS       -     S      403
2021    GET    /tickets                                      -        AT    RA       S        -        -     S      403
any     GET    /tickets/rows                                 -        RATSH RAT      S        AS       -     S      403
any     GET    /tickets/counts                               -        200   200      200      200      200   200    403
any     GET    /tickets/search                               -        RATSH RAT      S        AS       -     S      403
any     GET    /changes                                      -        200   200      200      200      200   200    403
any     GET    /changes/start                                -        RATSH RAT      S        AS       -     S      403
any     GET    /tickets/tickets_by_type                      -        RATSH RAT      S        AS       -     S      403
any     GET    /tickets/tickets_by_category                  -        RATSH RAT      S        AS       -     S      403
any     GET    /tickets/tickets_of_customer                  harbour  AS    A        S        AS       403   S      403
any     GET    /tickets/tickets_of_customer                  school   RTH   RT       403      403      403   403    403
any     GET    /tickets/tickets_of_customer                  lone     -     403      403      403      403   403    403
any     GET    /tickets/tickets_of_customer                  nobody   404   403      403      403      403   403    403

any     POST   /tickets/add_ticket_note                      -        RATSH RAT      S        AS       -     403    403
any     PATCH  /tickets/{ticket}                             -        RATSH RAT      S        403      403   403    403
any     POST   /tickets/{ticket}/notes                       -        RATSH RAT      S        AS       -     403    403
any     POST   /tickets/{ticket}/notes                       internal RATSH RAT      S        403      403   403    403
any     PATCH  /tickets/{ticket}/notes/{note}                own      200   200      200      200      404   403    403
any     PATCH  /tickets/{ticket}/notes/{note}                old      200   403      404      403      404   403    403
any     PATCH  /tickets/{ticket}/notes/{note}                internal 200   403      404      404      404   403    403
any     DELETE /tickets/{ticket}/notes/{note}                own      204   204      204      204      404   403    403
any     DELETE /tickets/{ticket}/notes/{note}                old      204   403      404      404      404   403    403
any     DELETE /tickets/{ticket}/notes/{note}                internal 204   403      404      404      404   403    403
any     GET    /tickets/{ticket}/images                     -        RATSH RAT      S        AS       -     S      403
any     POST   /tickets/{ticket}/images                     -        RATSH RAT      S        AS       -     403    403
any     GET    /tickets/{ticket}/images/{image}             own      200   200      200      200      404   404    403
any     GET    /tickets/{ticket}/images/{image}             hidden   200   404      404      404      404   404    403
any     DELETE /tickets/{ticket}/images/{image}             own      204   204      204      204      404   403    403
any     DELETE /tickets/{ticket}/images/{image}             old      404   403      404      403      404   403    403
any     GET    /tickets/{ticket}/files                      -        RATSH RAT      S        AS       -     S      403
any     POST   /tickets/{ticket}/files                      -        RATSH RAT      S        AS       -     403    403
any     GET    /tickets/{ticket}/files/{file}               own      200   200      200      200      404   404    403
any     GET    /tickets/{ticket}/files/{file}               hidden   200   404      404      404      404   404    403
any     DELETE /tickets/{ticket}/files/{file}               own      204   204      204      204      404   403    403
any     DELETE /tickets/{ticket}/files/{file}               old      404   403      404      403      404   403    403
any     POST   /tickets/{ticket}/status_update               -        RATSH RAT      S        403      403   403    403
any     POST   /tickets/{ticket}/assign                      -        RATSH RAT      S        403      403   403    403
any     POST   /tickets/bulk                                 assign   RATSH RAT      S        403      403   403    403
any     POST   /tickets/bulk                                 status   RATSH RAT      S        403      403   403    403
any     POST   /tickets/bulk                                 note     RATSH RAT      S        403      403   403    403
2024    POST   /tickets                                      harbour  201   201      201      201      201   403    403
2021    POST   /tickets                                      harbour  200   200      200      200      200   403    403
2024    POST   /tickets                                      school   201   201      201      403      201   403    403
2021    POST   /tickets                                      school   200   200      200      403      200   403    403
any     POST   /tickets                                      nobody   422   422      422      403      422   403    403
2024    POST   /tickets                                      eco_1    201   201      201      201      201   403    403
2021    POST   /tickets                                      eco_1    200   200      200      200      200   403    403
2024    POST   /tickets                                      eco_2    201   201      201      422      201   403    403
2021    POST   /tickets                                      eco_2    200   200      200      422      200   403    403
2024    POST   /tickets                                      none     422   422      422      201      422   403    403
2021    POST   /tickets                                      none     422   422      422      200      422   403    403

any     GET    /tickets/{ticket}/relations                   -        RATSH RAT      S        AS       -     S      403
any     POST   /tickets/{ticket}/relations                   typed    201   201      404      403      403   403    403
any     POST   /tickets/{ticket}/relations                   hidden   201   422      404      403      403   403    403
any     POST   /tickets/{ticket}/relations                   nobody   422   422      404      403      403   403    403
any     DELETE /tickets/{ticket}/relations/{kind}/{other}    typed    204   204      404      403      403   403    403
any     DELETE /tickets/{ticket}/relations/{kind}/{other}    hidden   204   404      404      403      403   403    403
any     GET    /tickets/{ticket}/watchers                    -        RATSH RAT      S        403      403   S      403
any     POST   /tickets/{ticket}/watchers                    -        RATSH RAT      S        403      403   403    403
any     DELETE /tickets/{ticket}/watchers/{user}             -        RATSH RAT      S        403      403   403    403
any     GET    /tickets/{ticket}/tags                        -        RATSH RAT      S        403      403   S      403
any     POST   /tickets/{ticket}/tags                        -        RATSH RAT      S        403      403   403    403
any     DELETE /tickets/{ticket}/tags/{tag}                  -        RATSH RAT      S        403      403   403    403

any     GET    /tags                                         -        200   200      200      403      403   200    403
any     GET    /tags/{tag}                                   known    200   200      200      403      403   200    403
any     GET    /tags/{tag}                                   nobody   404   404      404      403      403   404    403
any     POST   /tags                                         -        201   403      403      403      403   403    403
any     DELETE /tags/{tag}                                   known    204   403      403      403      403   403    403
any     PATCH  /tags/{tag}                                   known    200   403      403      403      403   403    403
any     PATCH  /tags/{tag}                                   nobody   404   403      403      403      403   403    403
any     DELETE /tags/{tag}                                   nobody   404   403      403      403      403   403    403

any     POST   /auth                                         -        200   200      200      200      200   200    200
any     POST   /auth/login                                   -        200   200      200      200      200   200    200
any     POST   /auth/refresh_token                           -        200   200      200      200      200   200    200
any     POST   /auth/refresh                                 -        200   200      200      200      200   200    200
any     DELETE /auth/logout                                  -        200   200      200      200      200   200    200
any     DELETE /auth/logout_by_refresh                       -        200   200      200      200      200   200    200

any     GET    /customers                                    -        200   403      403      200      403   403    403
any     GET    /customers/{customer}                         harbour  200   403      403      200      403   403    403
any     GET    /customers/{customer}                         school   200   403      403      404      403   403    403
any     GET    /customers/{customer}                         nobody   404   403      403      404      403   403    403
any     POST   /customers                                    -        201   403      403      403      403   403    403
any     PATCH  /customers/{customer}                         school   200   403      403      403      403   403    403
any     PATCH  /customers/{customer}                         nobody   404   403      403      403      403   403    403
any     DELETE /customers/{customer}                         lone     204   403      403      403      403   403    403

any     POST   /auth/password                                -        401   401      401      401      401   401    401
any     GET    /me                                           -        200   200      200      200      200   200    200
any     PATCH  /me                                           -        200   200      200      200      200   200    200
any     PUT    /me/password                                  -        422   422      422      422      422   422    422
any     GET    /users                                        -        200   403      403      403      403   403    403
any     GET    /users/assignable                             -        200   200      200      403      403   403    403
any     POST   /users                                        -        201   403      403      403      403   403    403
any     GET    /users/{user}                                 leaver   200   403      403      403      403   403    403
any     GET    /users/{user}                                 nobody   404   403      403      403      403   403    403
any     PATCH  /users/{user}                                 leaver   200   403      403      403      403   403    403
any     PATCH  /users/{user}                                 nobody   404   403      403      403      403   403    403
any     POST   /users/{user}/password_link                   leaver   201   403      403      403      403   403    403
any     DELETE /users/{user}                                 leaver   204   403      403      403      403   403    403
any     GET    /roles                                        -        200   403      403      403      403   403    403
any     POST   /roles                                        -        201   403      403      403      403   403    403
any     GET    /roles/{role}                                 reader   200   403      403      403      403   403    403
any     PATCH  /roles/{role}                                 reader   200   403      403      403      403   403    403
any     DELETE /roles/{role}                                 reader   409   403      403      403      403   403    403
any     DELETE /roles/{role}                                 nobody   404   403      403      403      403   403    403
any     GET    /permissions                                  -        200   403      403      403      403   403    403

any     GET    /ecos                                         -        200   403      403      200      403   403    403
any     GET    /ecos/{eco}                                   harbour  200   403      403      200      403   403    403
any     GET    /ecos/{eco}                                   school   200   403      403      404      403   403    403
any     GET    /ecos/{eco}                                   nobody   404   403      403      404      403   403    403
any     POST   /ecos                                         harbour  201   403      403      403      403   403    403
any     POST   /ecos                                         nobody   422   403      403      403      403   403    403
any     PATCH  /ecos/{eco}                                   school   200   403      403      403      403   403    403
any     PATCH  /ecos/{eco}                                   nobody   404   403      403      403      403   403    403
any     DELETE /ecos/{eco}                                   lone     204   403      403      403      403   403    403
any     GET    /products                                     -        200   200      200      200      200   200    403
any     GET    /products/{product}                           known    200   200      200      200      200   200    403
any     GET    /products/{product}                           nobody   404   404      404      404      404   404    403
any     POST   /products                                     -        201   403      403      403      403   403    403
any     PATCH  /products/{product}                           known    200   403      403      403      403   403    403
any     PATCH  /products/{product}                           nobody   404   403      403      403      403   403    403
any     DELETE /products/{product}                           known    204   403      403      403      403   403    403
any     GET    /ticket_types                                 -        200   200      200      200      200   200    403
any     GET    /ticket_types/{ticket_type}                   known    200   200      200      200      200   200    403
any     GET    /ticket_types/{ticket_type}                   nobody   404   404      404      404      404   404    403
any     POST   /ticket_types                                 -        201   403      403      403      403   403    403
any     PATCH  /ticket_types/{ticket_type}                   known    200   403      403      403      403   403    403
any     PATCH  /ticket_types/{ticket_type}                   nobody   404   403      403      403      403   403    403
any     DELETE /ticket_types/{ticket_type}                   known    204   403      403      403      403   403    403
any     GET    /categories                                   -        200   200      200      200      200   200    403
any     GET    /categories/{category}                        known    200   200      200      200      200   200    403
any     GET    /categories/{category}                        nobody   404   404      404      404      404   404    403
any     POST   /categories                                   -        201   403      403      403      403   403    403
any     PATCH  /categories/{category}                        known    200   403      403      403      403   403    403
any     PATCH  /categories/{category}                        nobody   404   403      403      403      403   403    403
any     DELETE /categories/{category}                        known    204   403      403      403      403   403    403
any     GET    /statuses                                     -        200   200      200      200      200   200    403

any     GET    /reports/tickets                              -        200   403      403      200      403   403    403
any     GET    /reports/times                                -        200   403      403      200      403   403    403
any     GET    /reports/workload                             -        200   403      403      403      403   403    403
any     GET    /reports/oldest                               -        200   403      403      200      403   403    403

any     GET    /canned_answers                               -        200   200      200      403      403   200    403
any     GET    /canned_answers/{canned_answer}               known    200   200      200      403      403   200    403
any     GET    /canned_answers/{canned_answer}               nobody   404   404      404      403      403   404    403
any     GET    /canned_answers/{canned_answer}               ASSIGNED 200   200      404      403      403   404    403
any     GET    /canned_answers/{canned_answer}               HIDDEN   200   404      404      403      403   404    403
any     POST   /canned_answers                               -        201   403      403      403      403   403    403
any     PATCH  /canned_answers/{canned_answer}               known    200   403      403      403      403   403    403
any     PATCH  /canned_answers/{canned_answer}               nobody   404   403      403      403      403   403    403
any     DELETE /canned_answers/{canned_answer}               known    204   403      403      403      403   403    403

any     GET    /audit                                        -        200   403      403      403      403   403    403
any     GET    /audit/{act}                                  first    200   403      403      403      403   403    403
any     GET    /audit/{act}                                  nobody   404   403      403      403      403   403    403

any     GET    /tokens                                       -        200   200      200      200      200   200    200
any     GET    /tokens                                       other    200   403      403      403      403   403    403
any     GET    /tokens/{token}                               own      200   200      200      200      200   200    200
any     GET    /tokens/{token}                               other    200   404      404      404      404   404    404
any     POST   /tokens                                       own      201   201      201      201      201   201    201
any     POST   /tokens                                       other    201   403      403      403      403   403    403
any     PATCH  /tokens/{token}                               own      200   200      200      200      200   200    200
any     PATCH  /tokens/{token}                               other    200   404      404      404      404   404    404
any     POST   /tokens/{token}/renew                         own      200   200      200      200      200   200    200
any     POST   /tokens/{token}/renew                         other    200   404      404      404      404   404    404
any     DELETE /tokens/{token}                               own      204   204      204      204      204   204    204
any     DELETE /tokens/{token}                               other    204   404      404      404      404   404    404
any     GET    /me/sessions                                  -        200   200      200      200      200   200    200
any     DELETE /me/sessions/{session}                        own      204   204      204      204      204   204    204
any     DELETE /me/sessions/{session}                        other    404   404      404      404      404   404    404
any     GET    /sessions                                     -        200   403      403      403      403   403    403
any     DELETE /sessions/{session}                           other    204   403      403      403      403   403    403
any     DELETE /sessions/{session}                           nobody   404   403      403      403      403   403    403

any     GET    /files/{address}                              -        200   200      200      200      200   200    200
any     GET    /openapi.json                                 -        200   200      200      200      200   200    200
any     OPTIONS /uploads                                     -        204   204      204      204      204   204    204
any     POST   /uploads                                      -        201   201      201      201      201   403    403
any     GET    /uploads/{upload}                             own      200   200      200      200      200   403    403
any     GET    /uploads/{upload}                             other    404   404      404      404      404   403    403
any     PATCH  /uploads/{upload}                             own      204   204      204      204      204   403    403
any     PATCH  /uploads/{upload}                             other    404   404      404      404      404   403    403
any     DELETE /uploads/{upload}                             own      204   204      204      204      204   403    403
any     DELETE /uploads/{upload}                             other    404   404      404      404      404   403    403
any     GET    /coffee                                       -        418   418      418      418      418   418    418
any     BREW   /coffee                                       -        418   418      418      418      418   418    418
"""  # noqa: E501 - a table is read by its columns
"""Letters: the tickets that are shown or may be changed; each other one is left out of a list, and elsewhere 404
like one that is missing. `-`: none. A number: the status of every answer.
"""


@dataclass(frozen=True)
class Row:
    version: str
    endpoint: Endpoint
    given: str
    """What the request names, where the path alone does not say it."""
    cells: tuple[str, ...]


def read_table() -> Iterator[Row]:
    _, *lines = TABLE.strip().splitlines()
    for line in lines:
        if line:
            version, method, path, given, *cells = line.split()
            assert len(cells) == len(PEOPLE), line
            yield Row(version, (method, path), given, tuple(cells))


ROWS: Final = tuple(read_table())
CASES: Final = [
    pytest.param(version, row, id=f"{version} {' '.join(row.endpoint)} {row.given}")
    for version in ("2021", "2024")
    for row in ROWS
    if row.version in ("any", version)
]


def test_every_path_has_its_row() -> None:
    """In each version, and no row is of a path that is gone."""
    for version in ("2021", "2024"):
        assert {row.endpoint for row in ROWS if row.version in ("any", version)} == endpoints()


@pytest.fixture(scope="module")
def joined(shared_database: Database) -> Database:
    """The cast with the two that join it here."""

    def join(tx: Tx) -> None:
        add_person(tx, READER)
        add_person(tx, NEWCOMER)
        add_person(tx, LEAVER)
        add_tag(tx, BY, "To retire")
        tx.follow_given_ids("users")
        tx.run("DELETE FROM user_roles WHERE user_id = :id", id=NEWCOMER.id)
        tx.run("UPDATE tickets SET raised_by_id = :id WHERE id = :number", id=READER.id, number=STRANGERS)
        tx.run("UPDATE tickets SET assigned_to_id = :id WHERE id = :number", id=NEWCOMER.id, number=RAISED)
        for number in LETTERS.values():
            add_note(tx, "ticket_notes", number, number)
        for kind, note_id in OLD_NOTES.items():
            add_note(tx, "internal_notes" if "internal" in kind else "ticket_notes", ASSIGNED, note_id)
        for nth, kind in enumerate(OLD_FILES, 1):
            new = NewFile(f"{nth:032x}", {"original": StoredForm("image/png", 7)})
            old = ReadyFile("old.png", f"{nth:064x}", new)
            OLD_FILES[kind] = keep_attachment(tx, ASSIGNED, old, kind, ENGINEER.id, 1741000000000)

    shared_database.migrating(join)
    for _ in KINDS_OF_TOKENS:
        for person in PEOPLE:
            cast.api_token(shared_database, person)
    return shared_database


@pytest.fixture(scope="module")
def programs(shared_client: TestClient, joined: Database) -> dict[Person, Api]:
    """The API as called with an API token of each, which may do all that they may."""
    return {person: Api(shared_client, cast.api_token(joined, person)) for person in PEOPLE}


@pytest.fixture
def desk(shared_api: ApiFor, joined: Database) -> Iterator[ApiFor]:
    """The API for all seven; tickets that a test raises are gone after it, since they change who sees what."""
    yield shared_api

    def remove(tx: Tx) -> None:
        for table in ("ticket_statuses", "ticket_events"):
            tx.run(f"DELETE FROM {table} WHERE ticket_id > :last", last=HIDDEN)
        tx.run("DELETE FROM tickets WHERE id > :last", last=HIDDEN)

    joined.write(remove)


@pytest.mark.parametrize(("version", "row"), CASES)
def test_each_person_gets_what_the_table_says(desk: ApiFor, version: Version, row: Row) -> None:
    """From each path, in each version: no more, and no less."""
    got = {person.nick_name: outcome(desk(person, version), person, row) for person in PEOPLE}
    assert got == {person.nick_name: cell for person, cell in zip(PEOPLE, row.cells, strict=True)}


WITH_TOKENS: Final = [row for row in ROWS if row.version != "2021" and "/auth" not in row.endpoint[1]]


@pytest.mark.parametrize("row", WITH_TOKENS, ids=lambda row: f"{' '.join(row.endpoint)} {row.given}")
def test_an_api_token_gets_what_its_user_gets(desk: ApiFor, programs: dict[Person, Api], row: Row) -> None:
    """No more, and no less; but what is for sessions alone is refused, whoever's it is."""
    routes = [route for version in VERSIONS for route in version.routes if (route.method, route.path) == row.endpoint]
    in_session = any(isinstance(route.guard, InSession) for route in routes)
    cells = ("403",) * len(PEOPLE) if in_session else row.cells
    desk(NEWCOMER)  # so that its tickets are gone after the test
    got = {person.nick_name: outcome(programs[person], person, row) for person in PEOPLE}
    assert got == {person.nick_name: cell for person, cell in zip(PEOPLE, cells, strict=True)}


@pytest.mark.parametrize("path", ["/auth/refresh_token", "/auth/refresh", "/auth/logout", "/auth/logout_by_refresh"])
def test_an_api_token_has_no_session(programs: dict[Person, Api], path: str) -> None:
    """So there is none to renew or to end: 401, as with any token that is none of theirs."""
    method = "DELETE" if "logout" in path else "POST"
    program = programs[ADMIN]
    for headers in ({"Authorization": f"Bearer {program.token}"}, {"X-Refresh-Token": program.token}):
        answer = program.client.request(method, f"/api/v1{path}", headers=headers)
        assert answer.status_code == 401


WRITING: Final = [case for case in CASES if "POST /tickets" in str(case.id)]


@pytest.mark.parametrize(("version", "row"), WRITING)
def test_who_is_refused_changes_nothing(desk: ApiFor, joined: Database, version: Version, row: Row) -> None:
    """Neither a ticket out of sight nor one in sight, where the permission is missing."""
    before = joined.read(tickets_as_kept)
    for person, cell in zip(PEOPLE, row.cells, strict=True):
        caller = desk(person, version)
        if cell in ("403", "404", "422"):
            outcome(caller, person, row)
        elif not cell.isdigit():
            for letter in LETTERS.keys() - set(cell):
                ask_of_ticket(caller, row, LETTERS[letter])
        assert joined.read(tickets_as_kept) == before, person.nick_name


def test_a_role_decides_what_an_admin_may_do_too(desk: ApiFor, joined: Database) -> None:
    """An admin sees every ticket, and without the permission to write writes none."""
    change = (
        "UPDATE user_roles SET role_id = (SELECT id FROM roles WHERE name = :role)"
        " WHERE user_id = (SELECT id FROM users WHERE email = :email)"
    )
    joined.write(lambda tx: tx.run(change, role="reader", email=ADMIN.email))
    try:
        for row in ROWS:
            if row.endpoint[1].startswith("/tickets") and row.version != "2021":
                expected = row.cells[0] if row.endpoint[0] == "GET" else "403"
                assert outcome(desk(ADMIN), ADMIN, row) == expected, row
    finally:
        joined.write(lambda tx: tx.run(change, role="admin", email=ADMIN.email))


# How each path is asked, and what its answers say.


OLD_NOTES: Final = {
    "PATCH old": 1_000_001,
    "DELETE old": 1_000_002,
    "PATCH internal": 2**52 + 1_000_001,
    "DELETE internal": 2**52 + 1_000_002,
}
"""ENGINEER's, of ASSIGNED, which were written long ago. Where others ask, ADMIN has withdrawn what is to be deleted."""

OLD_FILES: Final[dict[Kind, int]] = {"image": 0, "file": 0}
"""ENGINEER's, of ASSIGNED, which were added long ago: their ids, once they are there."""


def add_note(tx: Tx, table: str, number: int, note_id: int) -> None:
    tx.run(
        f"INSERT INTO {table} (id, ticket_id, author_id, body, created_at)"
        " VALUES (:id, :number, :author, 'Here', 1741000000000)",
        id=note_id,
        number=number,
        author=ENGINEER.id,
    )
    counted = "notes" if table == "ticket_notes" else "internal_notes"
    count = "notes_count" if table == "ticket_notes" else "internal_notes"
    tx.run(f"UPDATE tickets SET {count} = {count} + 1, {counted}_size = {counted}_size + 4 WHERE id = :id", id=number)


def outcome(caller: Api, person: Person, row: Row) -> str:
    """The cell of the table."""
    if row.endpoint in OF_A_TICKET or row.endpoint in FORMS:
        return outcome_of_tickets(caller, row)
    if row.endpoint in LISTS:
        return outcome_of_list(LISTS[row.endpoint](caller, row.given))
    return str(OTHERS[row.endpoint](caller, person, row.given).status_code)


def outcome_of_tickets(caller: Api, row: Row) -> str:
    answers = {number: ask_of_ticket(caller, row, number) for number in (*LETTERS.values(), MISSING)}
    if {answer.status_code for answer in answers.values()} == {403}:
        return "403"
    refused = [answer for answer in answers.values() if answer.status_code == 404]
    assert all(answer.json() == {"error": "Ticket not found"} for answer in refused)
    assert answers[MISSING].status_code == 404
    good = [letter for letter, number in LETTERS.items() if answers[number].is_success]
    assert len(good) + len(refused) == len(answers), [answer.text for answer in answers.values()]
    return "".join(good) or "-"


def outcome_of_list(answers: list[Response]) -> str:
    """Of several answers, such as one for each type and status, the tickets of all."""
    (status,) = {answer.status_code for answer in answers}
    if status != 200:
        return str(status)
    found = [answer.json()["data"] for answer in answers]
    listed = [ticket["id"] for data in found for ticket in data.get("tickets", ())]
    listed += [row[0] for data in found for row in data.get("rows", ())]
    assert len(set(listed)) == len(listed)
    return "".join(letter for letter, number in LETTERS.items() if number in listed) or "-"


def ask_of_ticket(caller: Api, row: Row, number: int) -> Response:
    method, path = row.endpoint
    if row.endpoint in FORMS:
        return caller.form(path.format(ticket=number), ("a.png", picture()))
    path_of_it, body = OF_A_TICKET[row.endpoint](number, row.given)
    answer = caller(method, path_of_it or path.format(ticket=number), body)
    return of_one(answer) if path == "/tickets/bulk" else answer


def for_bot(number: int, given: str) -> tuple[str, None]:
    owner = OWNERS.get(number, HARBOUR)
    customer_id = owner if given == "owner" else HARBOUR + SCHOOL - owner
    return f"/tickets/{number}/get_specific_ticket_for_bot?customer_id={customer_id}", None


def status_body(number: int) -> Body:
    """To the status that the ticket has, so that the others after it find it as it was."""
    status = {TYPED: "in_progress", STRANGERS: "on_hold", HIDDEN: "closed"}.get(number, "open")
    return {"ticket": {"status": status, "closed_date": "2025-03-08"}}


def assign_body(number: int) -> Body:
    """To whom the ticket is assigned, likewise."""
    assignee = {RAISED: NEWCOMER, ASSIGNED: ENGINEER, STRANGERS: STRANGER}.get(number, ADMIN)
    return {"ticket": {"assigned_to_id": assignee.id}}


def bulk_body(number: int, given: str) -> Body:
    change = {
        "assign": assign_body(number)["ticket"],
        "status": status_body(number)["ticket"],
        "note": {"note": "On my way"},
    }
    return {"tickets": [{"ticket_number": number}], "change": {given: change[given]}}


OF_A_TICKET: Final[dict[Endpoint, Callable[[int, str], tuple[str, Body | None]]]] = {
    ("GET", "/tickets/{ticket}"): lambda _, __: ("", None),
    ("GET", "/tickets/{ticket}/history"): lambda number, _: (f"/tickets/{number}/history", None),
    ("PATCH", "/tickets/{ticket}"): lambda _, __: ("", {"ticket": {"reference": "PO-18"}}),
    ("GET", "/tickets/get_ticket_notes"): lambda number, _: ("", {"ticket_number": number}),
    ("GET", "/tickets/{ticket}/get_specific_ticket_for_bot"): for_bot,
    ("POST", "/tickets/add_ticket_note"): lambda number, _: (
        "",
        {"ticket_note": {"note": "On my way"}, "ticket_number": str(number)},
    ),
    ("GET", "/tickets/{ticket}/notes"): lambda _, __: ("", None),
    ("GET", "/tickets/{ticket}/notes/{note}"): lambda number, _: (f"/tickets/{number}/notes/{number}", None),
    ("POST", "/tickets/{ticket}/notes"): lambda _, given: (
        "",
        {"note": {"note": "On my way", "internal": given == "internal"}},
    ),
    ("POST", "/tickets/{ticket}/status_update"): lambda number, _: ("", status_body(number)),
    ("POST", "/tickets/{ticket}/assign"): lambda number, _: ("", assign_body(number)),
    ("GET", "/tickets/{ticket}/relations"): lambda _, __: ("", None),
    ("GET", "/tickets/{ticket}/watchers"): lambda _, __: ("", None),
    ("POST", "/tickets/{ticket}/watchers"): lambda _, __: ("", {"watcher": {}}),
    ("DELETE", "/tickets/{ticket}/watchers/{user}"): lambda number, _: (f"/tickets/{number}/watchers/{ADMIN.id}", None),
    ("GET", "/tickets/{ticket}/tags"): lambda _, __: ("", None),
    ("POST", "/tickets/{ticket}/tags"): lambda _, __: ("", {"tag": {"id": TAG}}),
    ("DELETE", "/tickets/{ticket}/tags/{tag}"): lambda number, _: (f"/tickets/{number}/tags/{TAG}", None),
    ("POST", "/tickets/bulk"): lambda number, given: ("", bulk_body(number, given)),
    ("GET", "/tickets/{ticket}/images"): lambda _, __: ("", None),
    ("GET", "/tickets/{ticket}/files"): lambda _, __: ("", None),
}
FORMS: Final = {("POST", "/tickets/{ticket}/images"), ("POST", "/tickets/{ticket}/files")}
"""Which take a picture."""

NEW_CUSTOMER: Final = {"name": "Kendhoo Clinic", "contact_name": "Aminath", "contact_number": "777 4321"}
CUSTOMER_IDS: Final = {"harbour": HARBOUR, "school": SCHOOL, "lone": LONE, "nobody": 99}
TYPES: Final = ("customer_support", "eco_support", "routine_maintenance", "project_support")

LISTS: Final[dict[Endpoint, Callable[[Api, str], list[Response]]]] = {
    ("GET", "/tickets"): lambda caller, _: [caller("GET", "/tickets")],
    ("GET", "/tickets/rows"): lambda caller, _: [caller("GET", "/tickets/rows?sort=changed")],
    ("GET", "/tickets/search"): lambda caller, _: [caller("GET", "/tickets/search?q=trouble&sort=changed")],
    ("GET", "/changes/start"): lambda caller, _: [caller("GET", "/changes/start")],
    ("GET", "/tickets/tickets_by_type"): lambda caller, _: [
        caller("GET", f"/tickets/tickets_by_type?type={key}&status={status}") for key in TYPES for status in STATUSES
    ],
    ("GET", "/tickets/tickets_by_category"): lambda caller, _: [
        caller("GET", "/tickets/tickets_by_category?category=fault")
    ],
    ("GET", "/tickets/tickets_of_customer"): lambda caller, given: [
        caller("GET", f"/tickets/tickets_of_customer?customer_id={CUSTOMER_IDS[given]}")
    ],
}


def raise_for(caller: Api, _: Person, given: str) -> Response:
    if given == "none":
        owner = {}
    else:
        owner = {"eco_id": int(given[-1])} if given.startswith("eco") else {"customer_id": CUSTOMER_IDS[given]}
    return caller("POST", "/tickets", changed(BODY_2021, {"customer_id": ABSENT}, owner))


Ask = Callable[[Api, Person, str], Response]


def with_password(path: str) -> Callable[[Api, Person, str], Response]:
    return lambda caller, person, _: caller.client.post(
        f"/api/v1{path}", json={"user": person.email, "password": PASSWORD}
    )


def with_refresh(method: str, path: str) -> Callable[[Api, Person, str], Response]:
    def ask(caller: Api, _: Person, __: str) -> Response:
        access = payload_of(caller.token)
        refresh = signed({"exp": access["exp"], "user_id": access["user_id"], "uid": access["ruid"]})
        return caller.client.request(method, f"/api/v1{path}", headers={"X-Refresh-Token": refresh})

    return ask


def customer_path(given: str) -> str:
    return f"/customers/{CUSTOMER_IDS[given]}"


NEW_NUMBERS: Final = count()
"""For names that are given once."""


def new_user(caller: Api, _: Person, __: str) -> Response:
    names = {"full_name": "Nasreen Ali", "nick_name": "Nas", "user_type": "staff", "roles": ["engineer"]}
    return caller("POST", "/users", {"user": {"email": f"new{next(NEW_NUMBERS)}@keesa.example", **names}})


def new_role(caller: Api, _: Person, __: str) -> Response:
    return caller("POST", "/roles", {"role": {"name": f"crew {next(NEW_NUMBERS)}", "permissions": {"boats": ["sail"]}}})


def of_user(method: str, body: Body | None = None, below: str = "") -> Callable[[Api, Person, str], Response]:
    ids = {"leaver": LEAVER.id, "nobody": 99}
    return lambda caller, _, given: caller(method, f"/users/{ids[given]}{below}", body)


def of_role(method: str, body: Body | None = None) -> Callable[[Api, Person, str], Response]:
    ids = {"reader": READER_ROLE, "nobody": 99}
    return lambda caller, _, given: caller(method, f"/roles/{ids[given]}", body)


def plainly(method: str, path: str, body: Body | None = None) -> Callable[[Api, Person, str], Response]:
    return lambda caller, _, __: caller(method, path, body)


def of_upload(method: str) -> Callable[[Api, Person, str], Response]:
    """Their own, or the admin's, and to the admin one that is not there."""

    def ask(caller: Api, person: Person, given: str) -> Response:
        path = f"/uploads/{UPLOAD if person != ADMIN else MISSING}"
        if given == "own":
            made = caller("POST", "/uploads", Upload_Length="10")
            path = made.headers.get("Location", path).removeprefix("/api/v1")
        kind = {"Content-Type": "application/offset+octet-stream"} if method == "PATCH" else {}
        return caller(method, path, Upload_Offset="0", **kind)

    return ask


def eco_path(given: str) -> str:
    """Each customer's has the customer's number."""
    return f"/ecos/{CUSTOMER_IDS[given]}"


KNOWN: Final = {"products": "22", "ticket_types": "remote_support", "categories": "software"}
NEW_ENTRIES: Final[dict[str, Callable[[str], Body]]] = {
    "products": lambda name: {"product": {"name": name}},
    "ticket_types": lambda name: {"ticket_type": {"key": name, "name": name}},
    "categories": lambda name: {"category": {"key": name, "name": name}},
}


def of_list(name: str) -> dict[Endpoint, Ask]:
    """All that is asked of a reference list, and of its entries."""
    numbers, new = count(), NEW_ENTRIES[name]
    noun = next(iter(new("")))

    def ask(method: str, body: Body | None = None) -> Ask:
        return lambda caller, _, given: caller(method, f"/{name}/{KNOWN[name] if given == 'known' else 'x'}", body)

    one = f"/{name}/{{{noun}}}"
    return {
        ("GET", f"/{name}"): lambda caller, _, __: caller("GET", f"/{name}"),
        ("POST", f"/{name}"): lambda caller, _, __: caller("POST", f"/{name}", new(f"new{next(numbers)}")),
        ("GET", one): ask("GET"),
        ("PATCH", one): ask("PATCH", {noun: {"retired": False}}),
        ("DELETE", one): ask("DELETE"),
    }


def of_note(method: str) -> Ask:
    """One of ASSIGNED that ENGINEER wrote long ago, or one that is just written to a ticket in one's sight."""
    body = {"note": {"note": "Here"}} if method == "PATCH" else None

    def ask(caller: Api, person: Person, given: str) -> Response:
        if given != "own":
            return caller(method, f"/tickets/{ASSIGNED}/notes/{OLD_NOTES[f'{method} {given}']}", body)
        number = STRANGERS if person is STRANGER else ASSIGNED
        written = caller("POST", f"/tickets/{number}/notes", {"note": {"note": "On my way"}})
        note_id = written.json()["id"] if written.status_code == 201 else number
        return caller(method, f"/tickets/{number}/notes/{note_id}", body)

    return ask


def of_file(method: str, kind: Kind) -> Ask:
    """HIDDEN's, one of ASSIGNED that ENGINEER added long ago (for ADMIN none, who might remove it), or one that is just
    added to a ticket in one's sight.
    """

    def ask(caller: Api, person: Person, given: str) -> Response:
        if given == "hidden":
            return caller(method, f"/tickets/{HIDDEN}/{kind}s/{IMAGE if kind == 'image' else FILE}")
        if given == "old":
            return caller(method, f"/tickets/{ASSIGNED}/{kind}s/{MISSING if person is ADMIN else OLD_FILES[kind]}")
        path = f"/tickets/{STRANGERS if person is STRANGER else ASSIGNED}/{kind}s"
        added = caller.form(path, ("a.png", picture()))
        if added.status_code == 201:
            return caller(method, f"{path}/{added.json()['data'][f'{kind}s'][0]['id']}")
        return caller(method, f"{path}/{OLD_FILES[kind] if method == 'GET' else MISSING}")

    return ask


KINDS_OF_TOKENS: Final = ("kept", "to end")
"""Each of the people has one of each from the start, with ids in this order."""


def token_id(person: Person, given: str, kind: str = "kept") -> int:
    """Their own, or somebody else's."""
    owner = person if given == "own" else ENGINEER if person is ADMIN else ADMIN
    return TOKEN + KINDS_OF_TOKENS.index(kind) * len(PEOPLE) + owner.id


def with_token(method: str, end: str = "", body: Body | None = None) -> Callable[[Api, Person, str], Response]:
    kind = "to end" if method == "DELETE" else "kept"
    return lambda caller, person, given: caller(method, f"/tokens/{token_id(person, given, kind)}{end}", body)


def list_tokens(caller: Api, person: Person, given: str) -> Response:
    other = ENGINEER if person is ADMIN else ADMIN
    return caller("GET", "/tokens" if given == "-" else f"/tokens?user_id={other.id}")


def make_token(caller: Api, person: Person, given: str) -> Response:
    """Another's without a name, which is not told to who may make none for them."""
    new = {"name": "Alarms", "expires_at": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
    if given == "other":
        new |= {"user_id": str((ENGINEER if person is ADMIN else ADMIN).id)}
        if person is not ADMIN:
            del new["name"]
    answer = caller("POST", "/tokens", {"token": new})
    if answer.status_code == 201:  # so that there are never too many
        assert caller("DELETE", f"/tokens/{answer.json()['id']}").status_code == 204
    return answer


def end_own_session(caller: Api, _: Person, given: str) -> Response:
    listed = caller("GET", "/me/sessions")
    current = [each["id"] for each in listed.json()["data"]["sessions"] if each["current"]] if listed.is_success else []
    return caller("DELETE", f"/me/sessions/{current[0] if current and given == 'own' else '0' * 16}")


def end_other_session(caller: Api, _: Person, given: str) -> Response:
    listed = caller("GET", "/sessions")
    ids = [each["id"] for each in listed.json()["data"]["sessions"] if each["current"]] if listed.is_success else []
    return caller("DELETE", f"/sessions/{ids[0] if ids and given == 'other' else '0' * 16}")


RELATED: Final = {"typed": TYPED, "hidden": HIDDEN, "nobody": MISSING}


def relate(caller: Api, _: Person, given: str) -> Response:
    """ASSIGNED was caused by another one."""
    relation = {"kind": "caused_by", "ticket_number": RELATED[given]}
    return caller("POST", f"/tickets/{ASSIGNED}/relations", {"relation": relation})


def of_tag(method: str, body: Body | None = None) -> Ask:
    """One retires for good."""
    known = TAG + 1 if method == "DELETE" else TAG
    return lambda caller, _, given: caller(method, f"/tags/{known if given == 'known' else 999}", body)


def of_canned_answer(method: str, body: Body | None = None) -> Ask:
    """Given a ticket, filled in for it."""
    paths = {"known": "1", "nobody": "99", "ASSIGNED": f"1?ticket={ASSIGNED}", "HIDDEN": f"1?ticket={HIDDEN}"}
    return lambda caller, _, given: caller(method, f"/canned_answers/{paths[given]}", body)


def new_canned_answer(caller: Api, _: Person, __: str) -> Response:
    return caller("POST", "/canned_answers", {"canned_answer": {"name": f"new {next(NEW_NUMBERS)}", "text": "Hello"}})


def follow(caller: Api, _: Person, __: str) -> Response:
    """From now on; what is told of which ticket stands in tests/api/test_changes.py."""
    begun = caller("GET", "/changes/start")
    return caller("GET", f"/changes?after={begun.json()['data']['cursor']}") if begun.is_success else begun


OTHERS: Final[dict[Endpoint, Ask]] = {
    ("GET", "/changes"): follow,
    ("POST", "/tickets/{ticket}/relations"): relate,
    ("DELETE", "/tickets/{ticket}/relations/{kind}/{other}"): lambda caller, _, given: caller(
        "DELETE", f"/tickets/{ASSIGNED}/relations/caused_by/{RELATED[given]}"
    ),
    ("GET", "/tags"): plainly("GET", "/tags"),
    ("POST", "/tags"): lambda caller, _, __: caller("POST", "/tags", {"tag": {"name": f"Tag {next(NEW_NUMBERS)}"}}),
    ("GET", "/tags/{tag}"): of_tag("GET"),
    ("PATCH", "/tags/{tag}"): of_tag("PATCH", {"tag": {"retired": False}}),
    ("DELETE", "/tags/{tag}"): of_tag("DELETE"),
    ("POST", "/tickets"): raise_for,
    ("PATCH", "/tickets/{ticket}/notes/{note}"): of_note("PATCH"),
    ("DELETE", "/tickets/{ticket}/notes/{note}"): of_note("DELETE"),
    **{
        (method, f"/tickets/{{ticket}}/{kind}s/{{{kind}}}"): of_file(method, kind)
        for method in ("GET", "DELETE")
        for kind in OLD_FILES
    },
    ("POST", "/auth"): with_password("/auth"),
    ("POST", "/auth/login"): with_password("/auth/login"),
    ("POST", "/auth/refresh_token"): with_refresh("POST", "/auth/refresh_token"),
    ("POST", "/auth/refresh"): with_refresh("POST", "/auth/refresh"),
    ("DELETE", "/auth/logout"): lambda caller, _, __: caller("DELETE", "/auth/logout"),
    ("DELETE", "/auth/logout_by_refresh"): with_refresh("DELETE", "/auth/logout_by_refresh"),
    ("GET", "/customers"): lambda caller, _, __: caller("GET", "/customers"),
    ("POST", "/customers"): lambda caller, _, __: caller("POST", "/customers", {"customer": NEW_CUSTOMER}),
    ("GET", "/customers/{customer}"): lambda caller, _, given: caller("GET", customer_path(given)),
    ("PATCH", "/customers/{customer}"): lambda caller, _, given: caller(
        "PATCH", customer_path(given), {"customer": {"contact_name": "Ibrahim"}}
    ),
    ("DELETE", "/customers/{customer}"): lambda caller, _, given: caller("DELETE", customer_path(given)),
    ("POST", "/auth/password"): plainly("POST", "/auth/password", {"token": "none", "password": "a long password"}),
    ("GET", "/me"): plainly("GET", "/me"),
    ("PATCH", "/me"): lambda caller, person, _: caller("PATCH", "/me", {"user": {"nick_name": person.nick_name}}),
    ("PUT", "/me/password"): plainly("PUT", "/me/password", {"current": "wrong", "password": "a long password"}),
    ("GET", "/users"): plainly("GET", "/users"),
    ("GET", "/users/assignable"): plainly("GET", "/users/assignable"),
    ("POST", "/users"): new_user,
    ("GET", "/users/{user}"): of_user("GET"),
    ("PATCH", "/users/{user}"): of_user("PATCH", {"user": {"disabled": False}}),
    ("DELETE", "/users/{user}"): of_user("DELETE"),
    ("POST", "/users/{user}/password_link"): of_user("POST", below="/password_link"),
    ("GET", "/roles"): plainly("GET", "/roles"),
    ("POST", "/roles"): new_role,
    ("GET", "/roles/{role}"): of_role("GET"),
    ("PATCH", "/roles/{role}"): of_role("PATCH", {"role": {"permissions": {"tickets": ["read"]}}}),
    ("DELETE", "/roles/{role}"): of_role("DELETE"),
    ("GET", "/permissions"): plainly("GET", "/permissions"),
    ("GET", "/ecos"): lambda caller, _, __: caller("GET", "/ecos"),
    ("GET", "/ecos/{eco}"): lambda caller, _, given: caller("GET", eco_path(given)),
    ("POST", "/ecos"): lambda caller, _, given: caller(
        "POST", "/ecos", {"eco": {"name": "Mast", "customer_id": CUSTOMER_IDS[given]}}
    ),
    ("PATCH", "/ecos/{eco}"): lambda caller, _, given: caller("PATCH", eco_path(given), {"eco": {"retired": False}}),
    ("DELETE", "/ecos/{eco}"): lambda caller, _, given: caller("DELETE", eco_path(given)),
    **of_list("products"),
    **of_list("ticket_types"),
    **of_list("categories"),
    ("GET", "/reports/tickets"): lambda caller, _, __: caller("GET", "/reports/tickets"),
    ("GET", "/reports/times"): lambda caller, _, __: caller("GET", "/reports/times"),
    ("GET", "/reports/workload"): lambda caller, _, __: caller("GET", "/reports/workload"),
    ("GET", "/reports/oldest"): lambda caller, _, __: caller("GET", "/reports/oldest"),
    ("GET", "/statuses"): lambda caller, _, __: caller("GET", "/statuses"),
    ("GET", "/tickets/counts"): plainly("GET", "/tickets/counts"),  # which numbers: tests/api/test_counts.py
    ("GET", "/canned_answers"): plainly("GET", "/canned_answers"),
    ("POST", "/canned_answers"): new_canned_answer,
    ("GET", "/canned_answers/{canned_answer}"): of_canned_answer("GET"),
    ("PATCH", "/canned_answers/{canned_answer}"): of_canned_answer("PATCH", {"canned_answer": {"retired": False}}),
    ("DELETE", "/canned_answers/{canned_answer}"): of_canned_answer("DELETE"),
    ("GET", "/audit"): lambda caller, _, __: caller("GET", "/audit"),
    ("GET", "/audit/{act}"): lambda caller, _, given: caller("GET", f"/audit/{1 if given == 'first' else 999_999}"),
    ("GET", "/tokens"): list_tokens,
    ("POST", "/tokens"): make_token,
    ("GET", "/tokens/{token}"): with_token("GET"),
    ("PATCH", "/tokens/{token}"): with_token("PATCH", body={"token": {"name": "Test"}}),
    ("POST", "/tokens/{token}/renew"): with_token("POST", "/renew"),
    ("DELETE", "/tokens/{token}"): with_token("DELETE"),
    ("GET", "/me/sessions"): lambda caller, _, __: caller("GET", "/me/sessions"),
    ("DELETE", "/me/sessions/{session}"): end_own_session,
    ("GET", "/sessions"): lambda caller, _, __: caller("GET", "/sessions"),
    ("DELETE", "/sessions/{session}"): end_other_session,
    ("GET", "/files/{address}"): lambda caller, _, __: caller("GET", filled("/files/{address}")),
    ("GET", "/openapi.json"): lambda caller, _, __: caller("GET", "/openapi.json"),
    ("OPTIONS", "/uploads"): lambda caller, _, __: caller("OPTIONS", "/uploads"),
    ("POST", "/uploads"): lambda caller, _, __: caller("POST", "/uploads", Upload_Length="10"),
    ("GET", "/uploads/{upload}"): of_upload("GET"),
    ("PATCH", "/uploads/{upload}"): of_upload("PATCH"),
    ("DELETE", "/uploads/{upload}"): of_upload("DELETE"),
    ("GET", "/coffee"): lambda caller, _, __: caller("GET", "/coffee"),
    ("BREW", "/coffee"): lambda caller, _, __: caller("BREW", "/coffee"),
}
