"""The bare function: an ASGI application that does an endpoint's work by plain SQL, and nothing else.

No framework, no look at who asks (the path says it; the signature of a token is checked where one is sent, as the
least that an API must do), no rules but those that the rows need, no log. What it answers is byte for byte what Keesa
answers: tests/bench/test_limits.py keeps the comparison honest.

    GET  /list/admin, /list/engineer/<user>, /list/customer/<customer>    ?limit=20
    GET  /ticket/<ticket>, /notes/<ticket>
    POST /create/<user>, /note/<user>, /status/<user>/<ticket>            with Keesa's own bodies
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import jwt
import msgspec
from msgspec.structs import asdict
from starlette.types import Receive, Scope, Send

from bench.limits import shapes
from bench.limits.bare_postgres import BarePostgres
from bench.limits.bare_sqlite import BareSqlite
from bench.limits.engine import Engine
from keesa.accounts.tokens import ALGORITHM
from keesa.app import App
from keesa.clock import now
from keesa.config import Config
from keesa.db.opening import SQLITE_FILE
from keesa.secret_key import load_secret

DEFAULT_LIMIT: Final = 20

Answer = tuple[int, bytes]
Read = Callable[[Engine, Sequence[str], bytes], Awaitable[Answer]]
"""Given the path's parts after the first, and the query of a GET or the body of a POST."""

NOTHING: Final[Answer] = (404, b'{"error":"Ticket not found"}')


def build_bare(config: Config) -> App:
    """The application of one worker process, on the engine that the configuration names."""
    url, secret = config.database_url, load_secret(config.data, config.secret)
    engine: Engine = BarePostgres(url) if url else BareSqlite(config.data / SQLITE_FILE)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await engine.open()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await engine.close()
            await send({"type": "lifespan.shutdown.complete"})
            return
        if token := dict(scope["headers"]).get(b"authorization"):
            jwt.decode(token.rpartition(b" ")[2], secret, algorithms=[ALGORITHM])
        given = await _body(receive) if scope["method"] == "POST" else scope["query_string"]
        _, name, *parts = scope["path"].split("/")
        status, body = await _HANDLERS[name](engine, parts, given)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    return body


async def _list(engine: Engine, parts: Sequence[str], query: bytes) -> Answer:
    kind, *asker = parts
    limit = int(query.removeprefix(b"limit=") or DEFAULT_LIMIT)
    parameters = {"limit": limit, "asker": int(asker[0])} if asker else {"limit": limit}
    return 200, shapes.listed(await engine.read(engine.statements.lists[kind], parameters))


async def _one(engine: Engine, parts: Sequence[str], _: bytes) -> Answer:
    rows = await engine.read(engine.statements.one, {"id": int(parts[0])})
    return (200, shapes.shown(rows[0])) if rows else NOTHING


async def _notes(engine: Engine, parts: Sequence[str], _: bytes) -> Answer:
    return 200, shapes.listed_notes(await engine.read(engine.statements.notes, {"id": int(parts[0])}))


async def _create(engine: Engine, parts: Sequence[str], body: bytes) -> Answer:
    new, user_id, at, sql = shapes.read_ticket(body), int(parts[0]), now(), engine.statements
    prefix = shapes.CLOCK.local(at).strftime("%Y")
    given = {**asdict(new.ticket), "customer_id": new.customer_id, "eco_id": new.eco_id, "user_id": user_id, "at": at}
    given["size"] = len(given["description"].encode())
    async with engine.transaction() as run:
        [[last]] = await run(sql.next_number, {"prefix": prefix})
        given["id"] = number = int(f"{prefix}{last:03}")
        [[full_name]] = await run(sql.raise_ticket, given)
        about = {"id": number, "user_id": user_id, "at": at}
        await run(sql.record_status, {**about, "status": "open"})
        await run(sql.record_event, {**about, "kind": "raised", "changes": "{}"})
    return 201, shapes.raised(given, full_name)


async def _note(engine: Engine, parts: Sequence[str], body: bytes) -> Answer:
    new, sql = shapes.read_note(body), engine.statements
    ticket = {"id": int(new.ticket_number)}
    async with engine.transaction() as run:
        if not await run(sql.lock, ticket):
            return NOTHING
        text = new.ticket_note.note
        about = {**ticket, "user_id": int(parts[0]), "at": now()}
        await run(sql.add_note, {**about, "body": text})
        await run(sql.count_note, {**ticket, "size": len(text.encode()), "told": 2, "at": about["at"]})
        await run(sql.record_event, {**about, "kind": "note_added", "changes": "{}"})
    return 201, shapes.added_note(new)


async def _status(engine: Engine, parts: Sequence[str], body: bytes) -> Answer:
    wanted, sql = shapes.read_status(body).ticket, engine.statements
    user_id, ticket = int(parts[0]), {"id": int(parts[1])}
    async with engine.transaction() as run:
        locked = await run(sql.lock, ticket)
        if not locked:
            return NOTHING
        [[status, closed_on]] = locked
        if status != wanted.status:
            about = {**ticket, "at": now()}
            closes_on = wanted.closed_date if wanted.status == "closed" else None
            pairs = {"status": (status, wanted.status), "closed_on": (closed_on, closes_on)}
            told = msgspec.json.encode({name: pair for name, pair in pairs.items() if pair[0] != pair[1]}).decode()
            change = {**about, "status": wanted.status, "closed_on": closes_on, "told": len(told)}
            await run(sql.change_status, change)
            await run(sql.record_status, {**about, "status": wanted.status, "user_id": user_id})
            await run(sql.record_event, {**about, "user_id": user_id, "kind": "status", "changes": told})
    return 200, shapes.STATUS_CHANGED


async def _health(*_: object) -> Answer:
    """What the server looks for before it says where it serves."""
    return 200, b"{}"


_HANDLERS: Final[dict[str, Read]] = {
    "list": _list,
    "ticket": _one,
    "notes": _notes,
    "create": _create,
    "note": _note,
    "status": _status,
    "health": _health,
}
