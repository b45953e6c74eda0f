"""Fills a database by way of a program of any age, with data of every kind: over its command line and its API."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import httpx2 as httpx

from acting import CLOCK
from cast import SECRET
from keesa.clock import now
from kept_forms import ADMIN, BOT, CUSTOMER, ENGINEER, LEAVER, PASSWORD, Made
from live import LiveServer, environment

Body = dict[str, Any]

HARBOUR: Final = 23
"""The next customer after the documented ones."""
_CALLED: Final = ("--contact-name", "Ibrahim", "--contact-number")
_NAMED: Final = ("--password-stdin", "--name", "Aminath އޭޖެންޓް")
CREW: Final = '{"tickets": ["write", "read"], "boats": ["sail", "moor"], "ރިޕޯޓް": ["އެހެން"], "nothing": []}'
ODD: Final = '{"it\'s": ["%s :name $word", "a: b"], "": ["x"], " ": [" "]}'
"""Words that later programs refuse."""
PEOPLE: Final = (
    ("role", "add", "old_crew", "--permissions", CREW, "--ticket-type", "eco_support"),
    ("role", "add", "odd_words", "--permissions", ODD, "--ticket-type", "eco_support"),
    ("customer", "add", "ފުޅަދޫ Harbour", *_CALLED, "7771234"),
    ("customer", "add", "School", *_CALLED, "+960 333-4455"),
    ("eco", "add", "Router of the jetty", "--customer", str(HARBOUR)),
    ("reference", "add-product", "Old product"),
    ("reference", "add-type", "old_type", "Old type"),
    ("reference", "add-category", "old_category", "Old category"),
    ("user", "add", ADMIN, *_NAMED, "--type", "admin"),
    ("user", "add", ENGINEER, *_NAMED, "--role", "old_crew", "--role", "engineer"),
    ("user", "add", CUSTOMER, *_NAMED, "--type", "customer", "--customer", str(HARBOUR)),
    ("user", "add", BOT, *_NAMED, "--type", "bot"),
    ("user", "add", LEAVER, *_NAMED, "--nick", "Gone"),
)
ENDING: Final = (("user", "disable", LEAVER), ("customer", "retire", "5"), ("maintenance", "on"))
COMMANDS: Final = f"""
import io, json, sys
from keesa.__main__ import main
for words in json.load(sys.stdin):
    sys.argv = ["keesa", *words]
    sys.stdin = io.TextIOWrapper(io.BytesIO(b"{PASSWORD}\\n"))
    try:
        main()
    except SystemExit as end:
        print("*" if end.code else " ", *words)
"""
"""`keesa` with one command after the other; a star stands before those that were refused."""
NUMBERS: Final = (
    7771234,
    "7771234",
    "+960 777-1234",
    "(960) 333 4455",
    "00960 777 12 34",
    "3334455 ext. 12",
    9607771234,
)
"""Of whom tickets are about; the first programs take integers alone."""
LONG: Final = "<script></script>" + "& " * 32_000
"""More than 131,072 characters as it is kept, which programs before migration 5 do not refuse."""
SMALLER: Final = """
import keesa.demo.desk_years as made_up
from keesa.__main__ import main
made_up.TICKETS, made_up.OLDER = 60, 16
main()
"""
"""`keesa` with fewer tickets around those that the documents print."""
SESSIONS: Final = 53
"""Of one user: more than the 50 that there may be since migration 7."""


def fill(python: str, data: Path, url: str | None) -> Made:
    """By the Keesa of that Python, which makes the schema and the documented world itself.

    What a test must know of it.
    """
    data.mkdir(mode=0o700)
    with LiveServer(data, url, "--demo", keesa=(python, "-c", SMALLER), KEESA_SECRET=SECRET) as server:
        _run(python, data, url, PEOPLE)
        with httpx.Client(base_url=f"{server.url}/api/v1", timeout=60, trust_env=False) as client:
            made = _work(client)
        _run(python, data, url, ENDING)
    return made


def _run(python: str, data: Path, url: str | None, commands: Sequence[Sequence[str]]) -> None:
    """What this program has not, or refuses, is left out."""
    place = {"KEESA_DATA": str(data)} | ({"KEESA_DATABASE_URL": url} if url else {})
    subprocess.run(
        [python, "-c", COMMANDS],
        input=json.dumps(commands),
        text=True,
        env=environment() | place,
        timeout=300,
        check=True,
    )


def _work(client: httpx.Client) -> Made:
    tokens = {email: _log_in(client, email) for email in (ADMIN, ENGINEER, CUSTOMER, LEAVER)}
    admin = tokens[ADMIN]["access"]
    old_style = client.post("/auth", json={"user": ADMIN, "password": PASSWORD}).json()
    renewed = client.post("/auth/refresh", headers={"X-Refresh-Token": tokens[ENGINEER]["refresh"]}).json()
    for _ in range(SESSIONS):
        _log_in(client, BOT)
    for email in (ENGINEER, ENGINEER, "nobody@old.example"):
        client.post("/auth/login", json={"user": email, "password": "a guess"})
    numbers = [number for number in (_raise(client, admin, each) for each in NUMBERS) if number]
    assert len(numbers) > 1
    _raise(client, admin, NUMBERS[0], description=LONG)
    _raise(client, renewed["access"], NUMBERS[0], ticket_type="old_type", category="old_category")
    _change(client, admin, numbers)
    return {
        "at": now(),
        "access": {"2021": old_style["access"], "2024": admin},
        "refresh": {"2021": old_style["refresh"], "2024": tokens[ADMIN]["refresh"]},
    }


def _log_in(client: httpx.Client, email: str) -> dict[str, str]:
    answer = client.post("/auth/login", json={"user": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    tokens: dict[str, str] = answer.json()
    return tokens


def _raise(client: httpx.Client, token: str, contact: int | str, **fields: str) -> str | None:
    """Its number, where the program takes it."""
    ticket: Body = {
        "title": f"Line of {contact}",
        "description": "No signal since the storm, in <strong>both</strong> buildings & the jetty: a < b",
        "category": "network",
        "ticket_type": "eco_support",
        "priority": 2,
        "product_id": 3,
        "reference": "PO-17",
        "customer_name": "Fathimath",
        "customer_contact": contact,
    }
    answer = _post(client, token, "/tickets", {"ticket": {**ticket, **fields}, "customer_id": HARBOUR})
    return str(answer["id"]) if answer else None


def _change(client: httpx.Client, token: str, numbers: Sequence[str]) -> None:
    """Statuses and assignments of some, and notes of one: rich, plain, in three scripts, and as long as may be."""
    first, second = numbers[:2]
    _post(client, token, f"/tickets/{first}/assign", {"ticket": {"assigned_to_id": 2}})
    for number, statuses in {first: ("in_progress", "on_hold"), second: ("in_progress", "closed")}.items():
        _post(client, token, f"/tickets/{number}/assign", {"ticket": {"assigned_to_id": 3}})
        for status in statuses:
            dated = {"closed_date": CLOCK.local(now()).date().isoformat()} if status == "closed" else {}
            _post(client, token, f"/tickets/{number}/status_update", {"ticket": {"status": status, **dated}})
    for note in (
        "<div>Measured at the cabinet:<ul><li>port 3 dead</li><li>port 4 weak</li></ul></div><script>alert(1)</script>",
        "plain, with a < b & c > d\r\nand a second line",
        "ބަދަލުކުރެވިއްޖެ, 修理しました, 😀",
        LONG,
    ):
        _post(client, token, "/tickets/add_ticket_note", {"ticket_number": first, "ticket_note": {"note": note}})


def _post(client: httpx.Client, token: str, path: str, body: Body) -> Body | None:
    answer = client.post(path, json=body, headers={"Authorization": f"Bearer {token}"})
    print("*" if answer.is_error else " ", path, answer.text[:120])  # noqa: T201  # for who makes a form
    return answer.json() if answer.is_success else None
