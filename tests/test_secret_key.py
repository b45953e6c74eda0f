"""The secret key: made once, kept from others' eyes, the same for all who start at once."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from keesa.errors import Refused
from keesa.secret_key import FILE, check_secret, load_secret


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder that is not there yet."""
    return tmp_path / "desk" / "data"


@pytest.fixture
def open_handed() -> Iterator[None]:
    """A process whose new files anybody may read."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.usefixtures("open_handed")
def test_the_first_start_makes_a_key_for_its_owner_alone(data: Path) -> None:
    """In a folder that is its owner's alone, whatever the umask; with nothing beside it."""
    key = load_secret(data, None)
    assert (mode(data), mode(data / FILE)) == (0o700, 0o600)
    assert len(bytes.fromhex(key.decode())) == 64
    assert [path.name for path in data.iterdir()] == [FILE]


def test_the_next_start_finds_the_same_key(data: Path) -> None:
    """So that sessions outlive a restart."""
    assert load_secret(data, None) == load_secret(data, None) == (data / FILE).read_bytes()


def test_two_desks_have_two_keys(data: Path, tmp_path: Path) -> None:
    """It is random."""
    assert load_secret(data, None) != load_secret(tmp_path / "other", None)


def test_a_configured_secret_is_used_as_it_is_and_nothing_is_kept(data: Path) -> None:
    """Several nodes share it."""
    assert (
        load_secret(data, "a secret of the operator's, in UTF-8: ދިވެހި")
        == "a secret of the operator's, in UTF-8: ދިވެހި".encode()
    )
    assert not data.exists()


def test_processes_that_start_at_once_end_with_one_key(data: Path) -> None:
    """And leave no draft behind."""
    at_once = Barrier(8)

    def start(_: int) -> bytes:
        at_once.wait()
        return load_secret(data, None)

    with ThreadPoolExecutor(8) as crowd:
        keys = set(crowd.map(start, range(8)))
    assert keys == {(data / FILE).read_bytes()}
    assert [path.name for path in data.iterdir()] == [FILE]


def test_who_comes_second_takes_the_first_one_s_key(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the first was made after the second had looked."""
    link = os.link

    def too_late(draft: Path, path: Path) -> None:
        path.touch(0o600)
        path.write_text("f" * 128)
        link(draft, path)

    monkeypatch.setattr(os, "link", too_late)
    assert load_secret(data, None) == b"f" * 128
    assert [path.name for path in data.iterdir()] == [FILE]


@pytest.mark.parametrize("loose", [0o604, 0o640, 0o660, 0o644, 0o602, 0o601])
def test_a_key_that_others_may_read_is_refused(data: Path, loose: int) -> None:
    """With the command that mends it; it is not mended silently, since it may be known."""
    load_secret(data, None)
    (data / FILE).chmod(loose)
    for use in (load_secret, check_secret):
        with pytest.raises(Refused, match=rf"mode {loose:o}.*chmod 600 {data / FILE}"):
            use(data, None)
    assert mode(data / FILE) == loose


@pytest.mark.parametrize("damaged", [b"", b"\n", b"too short", b"\xff\xfe" * 20, b" " * 200])
def test_a_damaged_key_is_refused(data: Path, damaged: bytes) -> None:
    """Nobody signs with an empty secret."""
    load_secret(data, None)
    (data / FILE).write_bytes(damaged)
    for use in (load_secret, check_secret):
        with pytest.raises(Refused, match=r"is damaged: restore it, or remove it"):
            use(data, None)


def test_a_line_end_behind_the_key_does_not_matter(data: Path) -> None:
    """An editor may have added one."""
    key = load_secret(data, None)
    (data / FILE).write_bytes(key + b"\n")
    assert load_secret(data, None) == key


def test_what_cannot_be_read_is_refused_with_a_sentence(data: Path) -> None:
    """Not with a traceback: here a folder stands where the key should."""
    (data / FILE).mkdir(0o700, parents=True)
    for use in (load_secret, check_secret):
        with pytest.raises(Refused, match=rf"^{data / FILE} is no file"):
            use(data, None)


def test_a_pipe_in_the_place_of_the_key_is_not_waited_for(data: Path) -> None:
    """Who reads it would wait for who writes it."""
    data.mkdir(0o700, parents=True)
    os.mkfifo(data / FILE, 0o600)
    for use in (load_secret, check_secret):
        with pytest.raises(Refused, match=rf"^{data / FILE} is no file"):
            use(data, None)


def test_a_folder_that_cannot_be_made_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """Here a file stands in its way."""
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match=r"^Cannot keep a secret key in "):
        load_secret(tmp_path / "file" / "data", None)


def test_a_check_says_where_the_key_comes_from_and_makes_none(data: Path) -> None:
    """Before the first start, after it, and with a configured secret."""
    with pytest.raises(Refused, match=r"`keesa serve` makes it on its first start$"):
        check_secret(data, None)
    assert not data.exists()
    key = load_secret(data, None)
    assert check_secret(data, None) == f"in {data / FILE}"
    assert check_secret(data, key.decode()) == "from the configuration"
