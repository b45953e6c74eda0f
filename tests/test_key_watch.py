"""The keys of a running server: another process changes the files, and each token that is good stays or becomes so."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Final

import pytest

from jwts import header_of, is_signed, signed
from keesa import key_watch
from keesa.accounts.keys import KEPT
from keesa.accounts.tokens import Signer
from keesa.clock import now
from keesa.errors import Unauthorized
from keesa.key_rotation import replace_leaked, rotate
from keesa.key_watch import LOOK_SECONDS, WatchedKeys, open_keys
from keesa.secret_key import FILE, FORMER_FILE, load_secret, read_kept

GOOD: Final = {"exp": 4_000_000_000, "uid": "a"}
SECRET: Final = "a secret of the operator's, long enough"
OTHER: Final = "another secret of the operator's, as long"


class Times:
    """The clocks of the keys, stopped."""

    def __init__(self) -> None:
        self.seconds = 100.0
        """Since some time or other, as the system counts them."""
        self.at = now()


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> Times:
    stopped = Times()
    monkeypatch.setattr(key_watch, "time", SimpleNamespace(monotonic=lambda: stopped.seconds))
    monkeypatch.setattr(key_watch, "now", lambda: stopped.at)
    return stopped


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with a key."""
    load_secret(tmp_path, None)
    return tmp_path


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folder, for each time that the files are read."""
    read: list[Path] = []

    def watch(data: Path) -> object:
        read.append(data)
        return read_kept(data)

    monkeypatch.setattr(key_watch, "read_kept", watch)
    return read


def worker(data: Path) -> Signer:
    """As each of a server's processes has one."""
    return Signer(open_keys(data, None, ()))


def token(signer: Signer, uid: str = "a") -> str:
    return signer.sign(GOOD | {"uid": uid}).token


def refused(signer: Signer, text: str) -> bool:
    with suppress(Unauthorized):
        signer.uid(text)
        return False
    return True


@pytest.mark.usefixtures("times")
def test_every_worker_signs_with_the_new_key_and_knows_it_at_once(data: Path) -> None:
    """No time passes; tokens have the form that they had, and those of before are good, cached or not."""
    one, other = worker(data), worker(data)
    old, cached = token(one, "old"), token(one, "cached")
    assert other.uid(cached) == "cached"
    rotate(data, now())
    new = token(one, "new")
    assert is_signed(new, load_secret(data, None).decode())
    assert header_of(new) == header_of(old) == '{"alg":"HS256"}'
    assert [other.uid(each) for each in (new, old, cached)] == ["new", "old", "cached"]
    assert token(other, "new") == new


@pytest.mark.usefixtures("times")
def test_what_a_leaked_key_signs_is_refused_at_once(data: Path) -> None:
    """By a worker that has not looked since, and does not know the token."""
    one, other = worker(data), worker(data)
    old = token(one)
    replace_leaked(data)
    assert refused(other, old)
    assert other.uid(token(one)) == "a"


def test_a_cached_token_goes_with_its_key(data: Path, times: Times) -> None:
    """A worker that is asked for nothing else looks after a second; until then its session decides."""
    signer = worker(data)
    old = token(signer)
    assert signer.uid(old) == "a"
    replace_leaked(data)
    times.seconds += LOOK_SECONDS - 0.01
    assert signer.uid(old) == "a"
    times.seconds += 0.01
    assert refused(signer, old)


def test_a_former_key_is_forgotten_when_its_last_token_has_expired(data: Path, times: Times) -> None:
    """Ten days and a minute after the rotation: a token that would live on, and is cached, is refused too."""
    signer = worker(data)
    old = token(signer)
    rotate(data, times.at)
    times.at += KEPT - 1
    times.seconds += KEPT // 1000
    assert signer.uid(old) == "a"
    times.at += 1
    times.seconds += LOOK_SECONDS
    assert refused(signer, old)
    assert refused(worker(data), old)
    times.at -= 1
    times.seconds += LOOK_SECONDS
    assert signer.uid(old) == "a"  # the clock was wrong for a while


@pytest.mark.usefixtures("times")
def test_bad_tokens_do_not_make_it_read(data: Path, reads: list[Path]) -> None:
    """Only files that have changed are read, once."""
    signer = worker(data)
    reads.clear()
    bad = signed(GOOD, secret=OTHER)
    assert all(refused(signer, bad) for _ in range(20))
    assert reads == []
    rotate(data, now())
    reads.clear()
    assert all(refused(signer, bad) for _ in range(20))
    assert reads == [data]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: (data / FILE).unlink(),
        lambda data: (data / FILE).chmod(0o644),
        lambda data: (data / FILE).write_text("damaged"),
        lambda data: (data / FORMER_FILE).write_text("damaged"),
    ],
)
def test_files_that_are_unfit_leave_the_keys_as_they_were(
    data: Path, times: Times, reads: list[Path], damage: Callable[[Path], object]
) -> None:
    """A running server goes on, and tries again once a second at the most; mended files it takes up."""
    rotate(data, times.at)
    before = {path: path.read_bytes() for path in (data / FILE, data / FORMER_FILE)}
    signer = worker(data)
    old = token(signer)
    damage(data)
    reads.clear()
    assert [token(signer) for _ in range(20)] == [old] * 20
    assert signer.uid(old) == "a"
    assert reads == [data]
    for path, content in before.items():
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(content)
    rotate(data, times.at)
    times.seconds += LOOK_SECONDS
    assert token(signer) != old
    assert signer.uid(old) == "a"


def test_a_key_that_is_made_anew_after_it_was_removed_is_taken_up(data: Path) -> None:
    """By the next start of a worker, say: all of a server's sign with one."""
    one = worker(data)
    old = token(one)
    (data / FILE).unlink()
    other = worker(data)
    assert one.uid(token(other)) == "a"
    assert token(one) == token(other) != old


def test_a_configured_secret_stays_as_it_is(tmp_path: Path) -> None:
    """It needs no folder; former ones verify, and none of them signs."""
    keys = open_keys(tmp_path / "nowhere", SECRET, (OTHER,))
    signer = Signer(keys)
    assert is_signed(token(signer), SECRET)
    assert signer.uid(signed(GOOD, secret=OTHER)) == "a"
    assert refused(signer, signed(GOOD, secret=SECRET + OTHER))
    assert not (tmp_path / "nowhere").exists()


def test_configured_former_secrets_verify_beside_the_files(data: Path) -> None:
    """So that a desk goes over to keys in files; a rotation does not end that."""
    signer = Signer(open_keys(data, None, (SECRET,)))
    for _ in range(2):
        assert signer.uid(signed(GOOD, secret=SECRET)) == "a"
        assert is_signed(token(signer), load_secret(data, None).decode())
        rotate(data, now())


NODES: Final = (
    ((SECRET, ()), (SECRET, ())),
    ((SECRET, (OTHER,)), (SECRET, ())),
    ((SECRET, (OTHER,)), (SECRET, (OTHER,))),
    ((OTHER, (SECRET,)), (SECRET, (OTHER,))),
    ((OTHER, (SECRET,)), (OTHER, (SECRET,))),
)
"""The steps of docs/operations.md: what signs on each of two nodes, and what verifies besides."""


@pytest.mark.parametrize("step", range(len(NODES)))
def test_nodes_change_their_secret_one_by_one(tmp_path: Path, step: int) -> None:
    """In each state both accept what either signs, and all that either has signed before."""
    issued = [signed(GOOD, secret=secret) for state in NODES[: step + 1] for secret, _ in state]
    for secret, former in NODES[step]:
        signer = Signer(open_keys(tmp_path, secret, former))
        assert all(signer.uid(each) == "a" for each in issued)


def test_no_key_is_shown(data: Path) -> None:
    """In no representation, which a traceback may print."""
    rotate(data, now())
    keys = WatchedKeys(data)
    shown = f"{keys!r} {keys.ring()!r} {read_kept(data)!r}"
    for each in read_kept(data):
        assert each.key.decode() not in shown
