"""`image_urls`: which addresses which tickets show to whom, and until when an answer with them is given again."""

from dataclasses import replace
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

import cast
from asking import Api, ApiFor
from cast import ADMIN, ASSIGNED, CUSTOMER, ENGINEER, HARBOUR, SCHOOL, STRANGERS, Person
from hung import LOG, Hung, hang
from keesa.accounts.sessions import ACCESS_LIFETIME, Version, open_session
from keesa.accounts.tokens import Signer
from keesa.api.file_addresses import DAY, FileAddress, FileAddresses
from keesa.app import serve_from
from keesa.clock import now
from keesa.config import Config
from keesa.db import Database
from logins import bearer
from raw_asgi import ask_raw
from stopped_clock import stop_clock

BASE: Final = "http://testserver/api/v1/files/"
SIGNED: Final = FileAddresses(cast.SECRET.encode())
TYPED_BODY: Final = {"ticket": {"type": "customer_support", "status": "open"}}


def named(urls: list[str], base: str = BASE) -> list[FileAddress | None]:
    """What the addresses say."""
    assert all(url.startswith(base) for url in urls), urls
    return [SIGNED.read(url.removeprefix(base), now()) for url in urls]


def urls_in(api: Api, ticket: int = ASSIGNED) -> dict[str, list[str]]:
    """The ticket's addresses, by each call of either version that shows them."""
    found = {}
    calls: list[tuple[Version, str, Any]] = [
        ("2024", f"/tickets/{ticket}", None),
        ("2024", "/tickets", None),
        ("2024", "/tickets/tickets_by_type", TYPED_BODY),
        ("2021", f"/tickets/{ticket}", None),
        ("2021", "/tickets", None),
        ("2021", "/tickets/tickets_by_type", TYPED_BODY),
    ]
    for version, path, body in calls:
        data = api("GET", path, body, Keesa_Version=version).json()["data"]
        shown = [each for each in data.get("tickets", [data.get("ticket")]) if each["id"] == ticket]
        if shown:
            found[f"{version} {path}"] = shown[0]["image_urls"]
    return found


def notes_of(api: Api, ticket: int = ASSIGNED) -> list[int]:
    return [note["id"] for note in api("GET", f"/tickets/{ticket}/notes").json()["data"]["notes"]]


def add_internal_note(api: Api, ticket: int = ASSIGNED) -> int:
    added = api("POST", f"/tickets/{ticket}/notes", {"note": {"note": "For us alone", "internal": True}})
    assert added.status_code == 201, added.text
    note: int = added.json()["id"]
    return note


def test_every_ticket_shows_its_images(api: ApiFor, database: Database, config: Config) -> None:
    """In both versions, in lists and alone, in the order in which they were added, and no files; the same all day."""
    first, _, third = hang(database, config, Hung(), LOG, Hung(name="switch.png"))
    [other] = hang(database, config, Hung(ticket=STRANGERS))
    engineer = api(ENGINEER)
    shown = urls_in(engineer)
    assert len(shown) == 6
    [urls] = {tuple(urls) for urls in shown.values()}
    assert [each and each.attachment_id for each in named([*urls])] == [first, third]
    assert [each and each.customer_id for each in named([*urls])] == [None, None]
    assert urls_in(api(ENGINEER)) == shown
    [strangers] = {tuple(urls) for urls in urls_in(api(ADMIN), STRANGERS).values()}
    assert [each and each.attachment_id for each in named([*strangers])] == [other]


def test_customers_get_addresses_of_their_own(api: ApiFor, database: Database, config: Config) -> None:
    """Made for them, and none of what hangs on an internal note, in either version."""
    note = add_internal_note(api(ENGINEER))
    own = notes_of(api(CUSTOMER))[0]
    first, internal, last = hang(database, config, Hung(), Hung(note_id=note), Hung(note_id=own))
    [desk] = {tuple(urls) for urls in urls_in(api(ENGINEER)).values()}
    [customers] = {tuple(urls) for urls in urls_in(api(CUSTOMER)).values()}
    assert [each and each.attachment_id for each in named([*desk])] == [first, internal, last]
    assert [each and each[:2] for each in named([*customers])] == [(first, HARBOUR), (last, HARBOUR)]


def test_a_change_shows_the_ticket_with_them(api: ApiFor, database: Database, config: Config) -> None:
    """As it is shown afterwards, with the same `ETag`."""
    hang(database, config, Hung())
    for person in (ADMIN, ENGINEER):
        changed = api(person)("PATCH", f"/tickets/{ASSIGNED}", {"ticket": {"reference": person.nick_name}})
        shown = api(person)("GET", f"/tickets/{ASSIGNED}")
        assert changed.json()["data"]["ticket"]["image_urls"] == shown.json()["data"]["ticket"]["image_urls"] != []
        assert changed.headers["ETag"].rstrip('"') == shown.headers["ETag"].rstrip('"').removesuffix("-zstd")


def test_duplicates_show_theirs_in_their_main_ticket(api: ApiFor, database: Database, config: Config) -> None:
    """In place, as their notes, to customers too; not the main ticket's in the duplicate."""
    note = add_internal_note(api(ADMIN), STRANGERS)
    mine, theirs, internal, last = hang(
        database, config, Hung(), Hung(ticket=STRANGERS), Hung(ticket=STRANGERS, note_id=note), Hung()
    )
    merged = api(ADMIN)(
        "POST", f"/tickets/{STRANGERS}/relations", {"relation": {"kind": "duplicate_of", "ticket_number": ASSIGNED}}
    )
    assert merged.status_code == 201, merged.text
    for person, expected in ((ADMIN, [mine, theirs, internal, last]), (CUSTOMER, [mine, theirs, last])):
        [urls] = {tuple(urls) for urls in urls_in(api(person)).values()}
        assert [each and each.attachment_id for each in named([*urls])] == expected
    [urls] = {tuple(urls) for urls in urls_in(api(CUSTOMER), STRANGERS).values()}
    assert [each and each.attachment_id for each in named([*urls])] == [theirs]


def test_a_new_customer_sees_none_of_before(api: ApiFor, database: Database, config: Config) -> None:
    """A ticket that is given to another customer has what was added since."""
    hang(database, config, Hung())
    given = {"customer_id": SCHOOL, "title": "New", "description": "New", "product_id": 3}
    assert api(ADMIN)("PATCH", f"/tickets/{ASSIGNED}", {"ticket": given}).status_code == 200
    [after] = hang(database, config, Hung())
    back = given | {"customer_id": HARBOUR}
    assert len(urls_in(api(ADMIN))[f"2024 /tickets/{ASSIGNED}"]) == 2
    assert api(ADMIN)("PATCH", f"/tickets/{ASSIGNED}", {"ticket": back}).status_code == 200
    assert urls_in(api(CUSTOMER))[f"2024 /tickets/{ASSIGNED}"] == []
    [again] = hang(database, config, Hung())
    assert after < again
    assert [each and each[:2] for each in named(urls_in(api(CUSTOMER))[f"2024 /tickets/{ASSIGNED}"])] == [
        (again, HARBOUR)
    ]


@pytest.mark.parametrize("version", ["2021", "2024"])
@pytest.mark.parametrize("path", ["/tickets", f"/tickets/{ASSIGNED}"])
def test_a_304_ends_with_the_day(
    api: ApiFor, database: Database, config: Config, monkeypatch: pytest.MonkeyPatch, version: Version, path: str
) -> None:
    """The next day the state has another name, and the answer the addresses of that day; the whole day it has not."""
    hang(database, config, Hung())
    engineer = api(ENGINEER)
    day = now() // DAY * DAY
    stop_clock(monkeypatch, day)
    first = engineer("GET", path, Keesa_Version=version)
    stop_clock(monkeypatch, day + DAY - 1)
    known = engineer("GET", path, Keesa_Version=version, If_None_Match=first.headers["ETag"])
    again = engineer("GET", path, Keesa_Version=version)
    assert (known.status_code, again.content) == (304, first.content)
    stop_clock(monkeypatch, day + DAY)
    later = engineer("GET", path, Keesa_Version=version, If_None_Match=first.headers["ETag"])
    assert later.status_code == 200
    assert later.headers["ETag"] != first.headers["ETag"]
    assert later.content != first.content
    assert engineer("GET", path, Keesa_Version=version).content == later.content


def test_a_day_is_no_reason_to_refuse_a_change(
    api: ApiFor, database: Database, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`If-Match` with the tag of yesterday is good as long as the ticket itself is the same."""
    hang(database, config, Hung())
    engineer = api(ENGINEER)
    etag = engineer("GET", f"/tickets/{ASSIGNED}").headers["ETag"]
    stop_clock(monkeypatch, now() + DAY)
    body = {"ticket": {"reference": "Still the same"}}
    assert engineer("PATCH", f"/tickets/{ASSIGNED}", body, If_Match=etag).status_code == 200
    assert engineer("PATCH", f"/tickets/{ASSIGNED}", body, If_Match=etag).status_code == 412


@pytest.fixture
def apps(database: Database, config: Config) -> dict[str, TestClient]:
    """The API by the way that operators have configured to it; none of them is begun."""
    given = {"": config, "public": replace(config, public_url="https://desk.example/desk")}
    return {name: TestClient(serve_from(database, each)) for name, each in given.items()}


def test_each_way_to_the_server_has_its_own(
    database: Database, config: Config, apps: dict[str, TestClient], engine: str
) -> None:
    """Whoever asks at one host never gets another one's addresses, whoever has asked before; with a public address
    all get that.
    """
    assert engine
    hang(database, config, Hung())
    token = cast.token(database, ENGINEER)
    for path in (f"/api/v1/tickets/{ASSIGNED}", "/api/v1/tickets"):
        etags = set()
        for host in ("one.example", "two.example:8080", "ONE.example", "two.example:8080", "one.example") * 2:
            answer = apps[""].get(path, headers={**bearer(token), "Host": host})
            assert f'["http://{host.lower()}/api/v1/files/' in answer.text
            assert answer.text.count("/api/v1/files/") == 1
            etags.add(answer.headers["ETag"])
            public = apps["public"].get(path, headers={**bearer(token), "Host": host})
            assert '["https://desk.example/desk/api/v1/files/' in public.text
        assert len(etags) == 2


@pytest.mark.parametrize("host", [b'x"y', b"a b", b"<b>", b"a/b", b"u@h", b"\xff", b"", b"a" * 300])
def test_what_is_no_host_stands_in_no_answer(database: Database, config: Config, host: bytes) -> None:
    """Addresses are paths then, which a client resolves against what it has asked."""
    hang(database, config, Hung())
    app = serve_from(database, config)
    headers = [(b"authorization", cast.token(database, ENGINEER).encode()), (b"host", host)]
    answer = ask_raw(app, "GET", f"/api/v1/tickets/{ASSIGNED}", headers, [b""])
    assert answer.status == 200
    assert b'"image_urls":["/api/v1/files/' in answer.body


def test_other_keys_make_other_addresses(database: Database, config: Config) -> None:
    """After a leak nothing that is ready is given again: its addresses are no longer good."""
    hang(database, config, Hung())
    found = {}
    for secret in (cast.SECRET, "another secret, for these tests alone, of 32 characters"):
        app = serve_from(database, replace(config, secret=secret))
        token = cast.token(database, ENGINEER) if secret == cast.SECRET else signed_with(database, secret)
        answer = TestClient(app).get(f"/api/v1/tickets/{ASSIGNED}", headers=bearer(token))
        found[secret] = (answer.headers["ETag"], *answer.json()["data"]["ticket"]["image_urls"])
    (etag, url), (other_etag, other_url) = found.values()
    assert etag != other_etag
    assert url != other_url


def signed_with(database: Database, secret: str, person: Person = ENGINEER) -> str:
    actor, session = database.write(lambda tx: open_session(tx, person.id, "2024", now()))
    return Signer(secret.encode()).access(actor, session, now() + ACCESS_LIFETIME).token
