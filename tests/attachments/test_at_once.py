"""Calls that meet: the same picture twice at once, what fails half way, and what is then left."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest

from acting import rows
from asking import ApiFor
from cast import ASSIGNED, ENGINEER
from drawn_pictures import picture
from keesa.attachments import attaching
from keesa.config import Config
from keesa.db import Database, Tx
from keesa.errors import Unavailable
from keesa.files.folder import Folder
from unchanged import unchanged

IMAGES: Final = f"/tickets/{ASSIGNED}/images"


def stored(tx: Tx) -> list[dict[str, Any]]:
    return rows(tx, "SELECT id, place FROM stored_files WHERE customer_id = 1")


def hanging(tx: Tx) -> list[dict[str, Any]]:
    return rows(tx, "SELECT id, file_id FROM attachments WHERE ticket_id = :id ORDER BY id", id=ASSIGNED)


def test_the_same_picture_twice_at_once_is_stored_once(
    api: ApiFor, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both were looked into, as neither was there before; both are attached, to the one that was stored."""
    both, put = threading.Barrier(2, timeout=60), Folder.put

    def meeting(self: Folder, name: str, *given: Any) -> None:  # noqa: ANN401 - passed on
        if name.endswith("/original"):
            both.wait()
        put(self, name, *given)

    monkeypatch.setattr(Folder, "put", meeting)
    engineer = api(ENGINEER)
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda name: engineer.form(IMAGES, (name, picture())), ("a.png", "b.png")))
    assert [answer.status_code for answer in answers] == [201, 201]
    [one] = database.read(stored)
    assert [row["file_id"] for row in database.read(hanging)] == [one["id"]] * 2


def test_a_change_that_fails_leaves_no_row(
    api: ApiFor, database: Database, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was put by then is known to nobody, and the same call made again stores it anew."""

    def failing(*_: object, **__: object) -> None:
        raise Unavailable("Not now")

    engineer = api(ENGINEER)
    with unchanged(database), monkeypatch.context() as broken:
        broken.setattr(attaching, "change", failing)
        assert engineer.form(IMAGES, ("a.png", picture())).status_code == 503
    left = set((config.data / "files").rglob("original*"))
    assert len(left) == 1
    assert engineer.form(IMAGES, ("a.png", picture())).status_code == 201
    [one] = database.read(stored)
    [known] = {*(config.data / "files").rglob("original*")} - left
    assert one["place"] in known.parts
