"""docs/upgrading.md, kept: what a release says of older ones, and the way back where an older program may go on."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import httpx2 as httpx
import pytest

import cast
import keesa
from command import keesa as run_keesa
from desks import OWN, restore, rows_of
from keesa.backup.archive import check
from keesa.db import Row, Tx, open_database
from keesa.db.migrate import Migration, latest, migrations
from keesa.db.releases import RELEASED, oldest_for
from live import LiveServer
from migrating import start_migrating, start_serving
from new_tickets import BODY_2024
from places import NewPlace, Place, opened
from waiting import wait_until

ROOT: Final = Path(__file__).parents[1]
SAYS: Final = re.compile(r"^Schema (\d+); programs of schema (\d+) and later may run beside it\.$", re.MULTILINE)
COMPATIBLE: Final = Migration(latest() + 1, "more", None, "ALTER TABLE tickets ADD COLUMN more TEXT;")
DEMANDING: Final = Migration(latest() + 2, "demanding", latest() + 2, "CREATE TABLE demanding (id $identity);")


def sections() -> Iterator[tuple[str, str]]:
    """Version and text of each release in the changelog, the newest first."""
    for section in (ROOT / "CHANGELOG.md").read_text("utf-8").split("\n## ")[1:]:
        head, _, text = section.partition("\n")
        yield head.split()[0], text


def test_a_release_says_which_programs_may_run_beside_it() -> None:
    """The newest section of the changelog names the schema of the program, and the oldest that its migrations allow."""
    version, text = next(sections())
    compatible = max(migration.compatible or 0 for migration in migrations("sqlite"))
    assert version == keesa.__version__
    assert SAYS.findall(text) == [(str(latest()), str(compatible))]


def test_earlier_releases_are_known() -> None:
    """With the schema that the changelog gives them, so that people are told of their versions."""
    earlier = [(version, int(SAYS.findall(text)[0][0])) for version, text in sections()][1:]
    assert list(RELEASED.items()) == earlier[::-1]


def test_programs_are_told_by_their_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest release that knows the schema, or this one, or one that is yet to come."""
    assert oldest_for(latest()) == f"Keesa {keesa.__version__} and later, from schema {latest()} on"
    assert oldest_for(latest() + 1) == f"newer programs than this one, from schema {latest() + 1} on"
    monkeypatch.setattr("keesa.db.releases.RELEASED", {"0.0.1": 3, "0.0.2": 5})
    assert oldest_for(4) == "Keesa 0.0.2 and later, from schema 4 on"


def raised(server: LiveServer, token: str) -> int:
    """The status of a request that raises a ticket and needs all that a request needs."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.post(f"{server.url}/api/v1/tickets", json=BODY_2024, headers=headers, timeout=30).status_code


def migrate_with(place: Place, *further: Migration) -> None:
    """As a newer program does."""
    process = start_migrating(place, *further)
    _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (0, "")


def test_the_older_program_goes_on_and_starts_again_on_a_compatible_schema(place: Place) -> None:
    """Beside the newer one, and in place of it: that is the way back. What was written is kept."""
    database = open_database(place.data, place.url)
    token = cast.token(database, cast.ADMIN)
    with LiveServer(place.data, place.url, KEESA_SECRET=cast.SECRET) as older:
        assert raised(older, token) == 201
        migrate_with(place, COMPATIBLE)
        assert raised(older, token) == 201
    with LiveServer(place.data, place.url, KEESA_SECRET=cast.SECRET) as older:
        assert raised(older, token) == 201
    tickets = "SELECT count(*) AS value FROM tickets WHERE title = :title AND more IS NULL"
    assert database.read(lambda tx: tx.value(tickets, title=BODY_2024["ticket"]["title"])) == 3
    database.close()


def test_the_older_program_refuses_a_schema_that_asks_for_more(place: Place) -> None:
    """With a sentence that names its own version, and what the schema asks for."""
    migrate_with(place, COMPATIBLE, DEMANDING)
    refused = run_keesa("serve", "--port", "0", place=place)
    assert refused.status == 1
    assert f"it asks for schema {DEMANDING.version} or later, this one is {keesa.__version__}" in refused.err


@pytest.mark.parametrize("by", ["migrate", "serve"])
def test_a_back_up_is_made_before_the_first_migration(place: Place, new_place: NewPlace, by: str) -> None:
    """Where it is configured to go, else beside the data; what is restored from it has the schema of before."""
    before = rows_of(place)
    process = start_migrating(place, COMPATIBLE, options=()) if by == "migrate" else start_serving(place, COMPATIBLE)
    try:
        wait_until(lambda: has_more(place))
    finally:
        process.terminate()
        process.communicate(timeout=60)
    [made] = (place.data / "before-upgrades").glob("*.keesa")
    assert check(made).schema == latest()
    elsewhere = new_place()
    restore(made, elsewhere)
    after = rows_of(elsewhere)
    assert {name for name in before if before[name] != after[name]} <= set(OWN)


def has_more(place: Place) -> bool:
    with opened(place) as database:
        return COMPATIBLE.version in [row["version"] for row in database.read(applied)]


def applied(tx: Tx) -> Sequence[Row]:
    return tx.all("SELECT version FROM schema_migrations")


def test_an_upgrade_without_its_back_up_is_none(place: Place) -> None:
    """Where it cannot be made, nothing is migrated; without one only where that is asked for."""
    (place.data / "before-upgrades").write_text("in its place")
    process = start_migrating(place, COMPATIBLE, options=())
    _, told = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "before-upgrades" in told.splitlines()[-1]
    assert not has_more(place)
    migrate_with(place, COMPATIBLE)
    assert has_more(place)
