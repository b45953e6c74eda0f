"""Every sample request of both documents, made by the programs that they are written for."""

import io
import json
import os
import subprocess
import sys
from http.client import HTTPMessage, parse_headers
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import httpx2 as httpx
import pytest

from documented_shapes import SHAPES_2021, SHAPES_2024, differences
from install_clients import node

CLIENTS = Path(__file__).parents[1] / "clients"
LANGUAGES = {
    "curl": ("sh", "curl/v{}.sh"),
    "ruby": ("ruby", "ruby/v{}.rb"),
    "axios": (str(node()), "node/axios/v{}.js"),
    "fetch": (str(node()), "node/fetch/v{}.js"),
    "dart": (sys.executable, "dart/v{}.py"),
}
SHAPES = {"2021": SHAPES_2021, "2024": SHAPES_2024}
CREATED = {("2024", "create_ticket"), ("2024", "add_ticket_note")}
"""All of 2021 takes 200 for success, its Dart samples nothing else."""

# The 2021 document has these for fetch too, but fetch never sends a GET with a body.
REFUSED_BY_FETCH = ("tickets_by_type", "get_ticket_notes")
SAMPLES = {
    ("2021", "curl"): tuple(SHAPES_2021),
    ("2021", "ruby"): tuple(SHAPES_2021),
    ("2021", "axios"): tuple(SHAPES_2021),
    ("2021", "fetch"): tuple(sample for sample in SHAPES_2021 if sample not in REFUSED_BY_FETCH),
    ("2021", "dart"): tuple(SHAPES_2021),
    ("2024", "curl"): tuple(SHAPES_2024),
    ("2024", "ruby"): tuple(SHAPES_2024),
    ("2024", "axios"): tuple(SHAPES_2024),
    ("2024", "fetch"): ("login", "refresh", "logout", "logout_by_refresh"),
}
CASES = [(version, language, sample) for (version, language), samples in SAMPLES.items() for sample in samples]


class Server(Protocol):
    @property
    def url(self) -> str: ...


class Answer(NamedTuple):
    status: int
    headers: HTTPMessage
    body: bytes


@pytest.mark.parametrize(("version", "language", "sample"), CASES)
def test_a_sample_request_is_answered_as_documented(
    demo_server: Server, version: str, language: str, sample: str
) -> None:
    """A program written after either document gets the status, the keys, their order and the types it was promised."""
    answer = ask(demo_server.url, version, language, sample)
    assert answer.status == (201 if (version, sample) in CREATED else 200), answer
    assert answer.headers["Keesa-Version"] == version
    found = read_json(answer.body)
    assert not list(differences(found, SHAPES[version][sample], extras=version != "2021"))


@pytest.mark.parametrize(
    ("version", "sample"),
    [
        ("2021", "tickets_by_type"),
        ("2021", "get_ticket_notes"),
        ("2024", "tickets_by_type"),
        ("2024", "get_ticket_notes"),
    ],
)
def test_count_is_the_number_of_objects_beside_it(demo_server: Server, version: str, sample: str) -> None:
    """Where the documents show a count, it counts what came, not what there is."""
    found = read_json(ask(demo_server.url, version, "curl", sample).body)
    count, objects = found["data"].values()
    assert count == len(objects)


@pytest.mark.parametrize("sample", REFUSED_BY_FETCH)
def test_fetch_refuses_a_get_with_a_body(sample: str) -> None:
    """The samples that are left out cannot be run: fetch throws before it connects, so no server is needed here."""
    run = run_client("http://127.0.0.1:9", "2021", "fetch", sample, Tokens("access", "refresh"))
    assert run.returncode != 0
    assert b"TypeError: Request with GET/HEAD method cannot have body" in run.stderr


class Tokens(NamedTuple):
    access: str
    refresh: str


def log_in(url: str, version: str) -> Tokens:
    """A session of its own for each sample: some of them end it."""
    who = {"user": "user@example.com", "password": "Password123"}
    with httpx.Client(base_url=f"{url}/api/v1", trust_env=False) as client:
        answer = client.post("/auth", params=who) if version == "2021" else client.post("/auth/login", json=who)
    answer.raise_for_status()
    session = answer.json()
    return Tokens(session["access"], session["refresh"])


def ask(url: str, version: str, language: str, sample: str) -> Answer:
    run = run_client(url, version, language, sample, log_in(url, version))
    assert run.returncode == 0, run.stderr.decode()
    printed = io.BytesIO(run.stdout)
    status = int(printed.readline().split()[1])
    return Answer(status, parse_headers(printed), printed.read())


def run_client(
    url: str, version: str, language: str, sample: str, tokens: Tokens
) -> subprocess.CompletedProcess[bytes]:
    program, script = LANGUAGES[language]
    command: list[str | Path] = [program, CLIENTS / script.format(version), sample, url, *tokens]
    # A proxy of the machine is none for a server on loopback.
    env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return subprocess.run(command, env=env, capture_output=True, timeout=60, check=False)


def read_json(body: bytes) -> Any:  # noqa: ANN401, what the body holds is the question
    return json.loads(body, object_pairs_hook=_without_duplicates)


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    keys = [key for key, _ in pairs]
    assert len(set(keys)) == len(keys), f"a key comes twice: {keys}"
    return dict(pairs)
