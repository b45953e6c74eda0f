"""Clients that generators make of each version's OpenAPI document: whole, typed, and at work on a real server."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from install_clients import NODE_CLIENTS, PYTHON_CLIENTS, PYTHON_HOME, node
from keesa.accounts.sessions import Version
from keesa.api.openapi import WORDING
from keesa.app import VERSIONS
from keesa.demo.people import JOHN_DOE, PASSWORD
from keesa.web.openapi.document import document
from keesa.web.router import answering
from live import LiveServer
from openapi_documents import WITHOUT_BODY, operations

TYPESCRIPT: Final = Path(__file__).parents[1] / "clients" / "typescript"
STRICTLY: Final = (
    *("--strict", "--noEmit", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--skipLibCheck", "false"),
    *("--target", "es2022", "--module", "nodenext", "--allowImportingTsExtensions", "--lib", "es2022,dom,dom.iterable"),
)
VERSION_NAMES: Final[tuple[Version, ...]] = ("2021", "2024")

SETTINGS: Final = """\
post_hooks: []
content_type_overrides:
  "*/*": application/octet-stream
  "application/offset+octet-stream": application/octet-stream
"""
"""The generator knows bytes by one name alone."""


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `2021.json` and `2024.json`."""
    folder = tmp_path_factory.mktemp("clients")
    for version in VERSIONS:
        made = document(version, answering(version, VERSIONS), WORDING)
        (folder / f"{version.name}.json").write_bytes(msgspec.json.encode(made))
    return folder


@pytest.fixture(scope="module")
def python_clients(documents: Path) -> Path:
    """A folder with a Python client of each version; a warning of the generator fails it."""
    (documents / "settings.yml").write_text(SETTINGS)
    for version in VERSION_NAMES:
        source, made = documents / f"{version}.json", documents / f"python{version}"
        settings = ("--config", documents / "settings.yml", "--fail-on-warning")
        generator = PYTHON_HOME / "bin" / "openapi-python-client"
        run(generator, "generate", "--path", source, "--output-path", made, *settings)
    return documents


@pytest.fixture(scope="module")
def typescript_clients(documents: Path) -> Path:
    """A folder with the types of each version, and the programs that use them."""
    (documents / "node_modules").symlink_to(NODE_CLIENTS / "node_modules")
    (documents / "package.json").write_text('{"type": "module"}')
    for version in VERSION_NAMES:
        source, made = documents / f"{version}.json", documents / f"{version}.d.ts"
        run(node(), package("openapi-typescript/bin/cli.js"), source, "--output", made)
        shutil.copy(TYPESCRIPT / f"v{version}.ts", documents)
    return documents


def run(*command: str | Path, **env: str) -> None:
    """Fails with what the command complained of."""
    done = subprocess.run(command, env=os.environ | env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def package(path: str) -> Path:
    return NODE_CLIENTS / "node_modules" / path


@pytest.mark.parametrize("version", VERSION_NAMES)
def test_a_python_client_has_a_class_for_every_answer(python_clients: Path, version: Version) -> None:
    """Each operation is there, under its tag, and each of its statuses is read as the class that its schema names."""
    read: dict[str, Any] = msgspec.json.decode((python_clients / f"{version}.json").read_bytes())
    said, made = {}, {}
    for name, operation in operations(read):
        answers = {status: answer for status, answer in operation["responses"].items() if status not in WITHOUT_BODY}
        of_json = {status: answer for status, answer in answers.items() if "application/json" in answer["content"]}
        said[name] = {status: class_of(answer) for status, answer in of_json.items()}
        place = (
            python_clients
            / f"python{version}"
            / "keesa_client"
            / "api"
            / operation["tags"][0].lower().replace(" ", "_")
        )
        source = (place / f"{operation['operationId']}.py").read_text()
        made[name] = dict(re.findall(r"response_(\d+) = (\w+)\.from_dict\(", source))
    assert made == said


def class_of(answer: dict[str, Any]) -> str:
    name: str = answer["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    return name


def test_typescript_programs_compile(typescript_clients: Path) -> None:
    """Strictly, with fields that may be left out left out, and not with a word that is no status."""
    programs = [typescript_clients / f"v{version}.ts" for version in VERSION_NAMES]
    run(node(), package("typescript/bin/tsc"), *STRICTLY, *programs)


@pytest.mark.parametrize("version", VERSION_NAMES)
def test_a_python_client_works(python_clients: Path, demo_server: LiveServer, version: Version) -> None:
    """It logs in, raises a ticket, reads lists, and gets errors as objects."""
    home = python_clients / f"python{version}"
    work(demo_server, (PYTHON_HOME / "bin" / "python", PYTHON_CLIENTS / f"v{version}.py"), PYTHONPATH=str(home))


@pytest.mark.parametrize("version", VERSION_NAMES)
def test_a_typescript_client_works(typescript_clients: Path, demo_server: LiveServer, version: Version) -> None:
    """The same in Node, which leaves the types out."""
    work(demo_server, (node(), typescript_clients / f"v{version}.ts"))


def work(server: LiveServer, program: Sequence[str | Path], **env: str) -> None:
    run(*program, server.url, JOHN_DOE.email, PASSWORD, NO_PROXY="127.0.0.1", **env)
