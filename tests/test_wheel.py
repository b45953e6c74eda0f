"""The package as it is installed elsewhere: everything that Keesa needs beside its code is in it."""

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Final

import httpx2 as httpx
import pytest

from command import options
from keesa.db import open_database
from keesa.db.migrate import check_schema, latest
from keesa.directory.reference import products
from keesa.secret_key import load_secret
from live import LiveServer, environment
from places import Place

CHECKOUT: Final = Path(__file__).parents[1]
NO_PATH: Final = {"PYTHONPATH": ""}
"""The checkout may be on the developer's."""
PIP: Final = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel in it, and the packages that Keesa needs from that of the tests."""
    wheels, home = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("elsewhere")
    run(*PIP, "wheel", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, CHECKOUT)
    venv.create(home, symlinks=True)
    run(*PIP, "--python", home / "bin" / "python", "install", "--no-index", "--no-deps", *wheels.iterdir())
    # Last, or pip would see the tests' own Keesa as one to be replaced.
    packages = sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)})
    (Path(packages) / "of_the_tests.pth").write_text(sysconfig.get_path("purelib"))
    return home


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """What the command printed; raises AssertionError with its complaints."""
    done = subprocess.run(
        command, cwd=cwd, env=environment() | NO_PATH, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_installed_package_is_another(elsewhere: Path) -> None:
    """What is tried below is the wheel, not the checkout."""
    imported = run(elsewhere / "bin" / "python", "-c", "import keesa; print(keesa.__file__)", cwd=elsewhere)
    assert elsewhere in Path(imported).parents


def test_it_makes_a_database_and_finds_it_well(elsewhere: Path, empty_place: Place) -> None:
    """Schema and reference data come with it."""
    keesa = elsewhere / "bin" / "keesa"
    assert run(keesa, "migrate", *options(empty_place), cwd=elsewhere).endswith(f": schema {latest()}\n")
    database = open_database(empty_place.data, empty_place.url)
    try:
        database.read(check_schema)
        assert len(database.read(products)) == 24
    finally:
        database.close()
    load_secret(empty_place.data, None)
    assert run(keesa, "check", *options(empty_place), cwd=elsewhere).count("ok: ") == 4


def test_it_serves(elsewhere: Path, empty_place: Place) -> None:
    """The documented world too, and both versions' documents of the API."""
    keesa = (str(elsewhere / "bin" / "keesa"),)
    with LiveServer(empty_place.data, empty_place.url, "--demo", keesa=keesa, **NO_PATH) as server:
        for version in ("2021", "2024"):
            answer = httpx.get(f"{server.url}/api/v1/openapi.json", params={"version": version}, trust_env=False)
            assert answer.json()["info"]["version"].startswith(version)
