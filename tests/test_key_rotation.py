"""Another key in the place of the one that signs: what the files hold at each moment, and who waits for whom."""

import fcntl
import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Barrier
from typing import Final

import pytest

from keesa import secret_key
from keesa.accounts.keys import KEPT, MOST_FORMER
from keesa.accounts.sessions import REFRESH_LIFETIME
from keesa.clock import now
from keesa.errors import Refused
from keesa.key_rotation import replace_leaked, rotate
from keesa.secret_key import FILE, FORMER_FILE, check_secret, files, load_secret, locked, read_kept

AT: Final = 1_900_000_000_000
FIRST: Final = b"f" * 128


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with a key, as a Keesa of any age has made it."""
    (tmp_path / FILE).touch(mode=0o600)
    (tmp_path / FILE).write_bytes(FIRST)
    return tmp_path


def kept(data: Path) -> list[bytes]:
    return [each.key for each in read_kept(data)]


def test_the_new_key_signs_and_the_former_one_is_kept(data: Path) -> None:
    """For as long as its last token lives, 10 days, and a minute; again, and both are."""
    assert rotate(data, AT) == AT + KEPT == AT + REFRESH_LIFETIME + 60_000
    second = load_secret(data, None)
    assert len(bytes.fromhex(second.decode())) == 64
    assert kept(data) == [second, FIRST]
    rotate(data, AT + 1)
    third = load_secret(data, None)
    assert kept(data) == [third, second, FIRST]
    assert len({third, second, FIRST}) == 3
    assert [each.retired_at for each in read_kept(data)] == [None, AT + 1, AT]


def test_an_older_program_reads_the_newest_key(data: Path) -> None:
    """It takes the whole file for the key: nothing else stands there, and all files are their owner's alone."""
    rotate(data, AT)
    assert (data / FILE).read_bytes().strip() == kept(data)[0]
    assert files(data) == [data / FILE, data / FORMER_FILE]
    assert sorted(data.iterdir()) == files(data)
    assert {path.stat().st_mode & 0o777 for path in files(data)} == {0o600}


def test_only_files_that_are_there_are_named(data: Path) -> None:
    """Before the first rotation there is one, and before the first start none."""
    assert files(data) == [data / FILE]
    assert files(data / "nowhere") == []


def test_any_key_that_was_good_is_kept_to_the_byte(data: Path) -> None:
    """One of the operator's own may hold what is no text."""
    own = b"a key, \xff\x00 over\nlines " * 5
    (data / FILE).write_bytes(own)
    rotate(data, AT)
    assert kept(data)[1] == own.strip()


def test_what_is_forgotten_goes_with_the_next_rotation(data: Path) -> None:
    """At its very millisecond."""
    rotate(data, AT)
    second = load_secret(data, None)
    rotate(data, AT + KEPT)
    assert kept(data)[1:] == [second]


def test_a_leaked_key_is_forgotten_at_once(data: Path) -> None:
    """With all of before it, which lay in the same folder."""
    rotate(data, AT)
    second = load_secret(data, None)
    replace_leaked(data)
    assert files(data) == [data / FILE]
    assert load_secret(data, None) not in {FIRST, second}


@pytest.mark.parametrize("damage", [lambda path: path.chmod(0o644), lambda path: path.write_text("damaged")])
def test_a_leaked_key_need_not_be_fit(data: Path, damage: Callable[[Path], None]) -> None:
    """Others may read it: that is why it is replaced. The usual rotation refuses it, and changes nothing."""
    rotate(data, AT)
    damage(data / FILE)
    before = [path.read_bytes() for path in files(data)]
    with pytest.raises(Refused, match=r"run `chmod 600|is damaged"):
        rotate(data, AT)
    assert [path.read_bytes() for path in files(data)] == before
    replace_leaked(data)
    assert len(kept(data)) == 1
    assert (data / FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("change", [lambda data: rotate(data, AT), replace_leaked])
def test_there_must_be_a_key(tmp_path: Path, change: Callable[[Path], object]) -> None:
    """A slip in the folder's name makes none."""
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(Refused, match=r"^There is no .*: `keesa serve` makes it on its first start$"):
            change(folder)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("change", [lambda data: rotate(data, AT), replace_leaked])
def test_what_everybody_may_write_is_refused(data: Path, change: Callable[[Path], object]) -> None:
    """As everywhere in the folder."""
    data.chmod(0o777)
    with pytest.raises(Refused, match=r"can be written by everybody"):
        change(data)
    assert (data / FILE).read_bytes() == FIRST


def test_the_former_keys_are_bounded(data: Path) -> None:
    """A rotation beyond is refused and changes nothing; once one is forgotten it goes on."""
    for number in range(MOST_FORMER):
        rotate(data, AT + number)
    before = kept(data)
    with pytest.raises(Refused, match=r"^16 former keys are kept already: `keesa secret show` says when"):
        rotate(data, AT + KEPT - 1)
    assert kept(data) == before
    rotate(data, AT + KEPT)
    assert len(kept(data)) == 1 + MOST_FORMER


@pytest.mark.parametrize("loose", [0o604, 0o640, 0o602])
def test_former_keys_that_others_may_read_are_refused(data: Path, loose: int) -> None:
    """As the one that signs is."""
    rotate(data, now())
    (data / FORMER_FILE).chmod(loose)
    for use in (read_kept, lambda data: check_secret(data, None), lambda data: rotate(data, AT)):
        with pytest.raises(Refused, match=rf"mode {loose:o}.*chmod 600 {data / FORMER_FILE}"):
            use(data)


@pytest.mark.parametrize(
    "damaged",
    ["", "x", "ff 1", f"{'f' * 64} 1 2\n", f"{'f' * 128} one 2", f"{'f' * 128} 1 2\nx\n", f"{'f' * 128} 1 2\n" * 17],
)
def test_damaged_former_keys_are_refused(data: Path, damaged: str) -> None:
    """Empty, cut, too short, without a time, or too many."""
    rotate(data, now())
    (data / FORMER_FILE).write_text(damaged)
    for use in (read_kept, lambda data: check_secret(data, None), lambda data: rotate(data, AT)):
        with pytest.raises(Refused, match=rf"^{data / FORMER_FILE} is damaged: restore it, or remove it"):
            use(data)


def test_who_removes_the_key_ends_every_session(data: Path) -> None:
    """As ever: the start makes a new one, and what signed before it goes too."""
    rotate(data, now())
    (data / FILE).unlink()
    load_secret(data, None)
    assert files(data) == [data / FILE]


def test_a_check_says_until_when_former_keys_are_kept(data: Path) -> None:
    """Those that are not forgotten, and how many more the configuration names."""
    rotate(data, now() - KEPT)
    assert check_secret(data, None) == f"in {data / FILE}"
    rotate(data, AT - 1)
    assert check_secret(data, None) == f"in {data / FILE}, 1 former one until 2030-03-27T17:47:39.999+00:00"
    rotate(data, AT)
    told = f"in {data / FILE}, 2 former ones until 2030-03-27T17:47:40.000+00:00"
    assert check_secret(data, None) == told
    assert check_secret(data, None, ("a secret",)) == f"{told}, 1 former one from the configuration"
    assert check_secret(data, "a secret", ("another",) * 2) == (
        "from the configuration, 2 former ones from the configuration"
    )


def test_rotations_at_once_come_one_after_the_other(data: Path) -> None:
    """Each retires the key of the one before it, and none is lost."""
    at_once = Barrier(4)

    def change(number: int) -> None:
        at_once.wait()
        rotate(data, AT + number)

    with ThreadPoolExecutor(4) as crowd:
        list(crowd.map(change, range(4)))
    assert len(set(kept(data))) == 5
    assert kept(data)[-1] == FIRST
    assert sorted(data.iterdir()) == files(data)


def test_a_rotation_waits_for_another_one_with_a_deadline(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it is refused, and changes nothing."""
    monkeypatch.setattr(secret_key, "LOCK_SECONDS", 0.05)
    with locked(data), pytest.raises(Refused, match=r"^Another command changes the keys in "):
        rotate(data, AT)
    assert kept(data) == [FIRST]


def test_who_has_waited_holds_the_new_file(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one before it has replaced the file whose lock it then gets: that one keeps nobody away any more."""
    opened, times = secret_key._opened, count()  # noqa: SLF001 - the moment between the two is in no other place

    def late(path: Path) -> int:
        file = opened(path)
        if next(times) == 0:
            path.unlink()
            path.write_bytes(FIRST)
        return file

    monkeypatch.setattr(secret_key, "_opened", late)
    with locked(data), (data / FILE).open("rb") as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.parametrize("refused", [FORMER_FILE, FILE])
def test_a_disk_that_is_full_changes_nothing(data: Path, monkeypatch: pytest.MonkeyPatch, refused: str) -> None:
    """Whichever file it stops: the key that signs stays so, and no draft is left."""
    replace = Path.replace

    def full(draft: Path, path: Path) -> Path:
        if path.name == refused:
            raise OSError(28, "No space left on device")
        return replace(draft, path)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(Refused, match=r"^Cannot change the keys in .*: No space left on device$"):
        rotate(data, AT)
    assert kept(data) == [FIRST]
    assert sorted(data.iterdir()) == files(data)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda data: rotate(data, AT), ["file", FORMER_FILE, "folder", "file", FILE, "folder"]),
        (replace_leaked, ["folder", "file", FILE, "folder"]),
    ],
)
def test_what_a_rotation_does_is_on_the_disk_before_it_counts(
    data: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], object], expected: list[str]
) -> None:
    """Each file before it gets its name; and a name, or the lack of one, before the next step is begun."""
    steps = []
    fsync, replace = os.fsync, Path.replace

    def watch_fsync(descriptor: int) -> None:
        steps.append("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file")  # noqa: PTH112
        fsync(descriptor)

    def watch_replace(draft: Path, path: Path) -> Path:
        steps.append(path.name)
        return replace(draft, path)

    monkeypatch.setattr(os, "fsync", watch_fsync)
    monkeypatch.setattr(Path, "replace", watch_replace)
    change(data)
    assert steps == expected


def killed(data: Path, change: Callable[[Path], object], step: int) -> bool:
    """Whether a process that changes the keys was killed (SIGKILL) before that one of its steps on files; it may have
    fewer.
    """
    process = os.fork()
    if process == 0:
        left = step

        def step_by_step(event: str, _: object) -> None:
            nonlocal left
            if event in {"open", "os.rename", "os.remove", "fcntl.flock"}:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(step_by_step)
            change(data)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize("change", [lambda data: rotate(data, now()), replace_leaked])
def test_a_rotation_that_is_killed_leaves_a_ring(tmp_path: Path, change: Callable[[Path], object]) -> None:
    """Before each of its steps: what was signed before is good, unless the new key is there after a leak; and the next
    rotation goes on, and clears away what was left.
    """
    for step in count(1):
        data = tmp_path / str(step)
        oldest = load_secret(data, None)
        rotate(data, now())
        before = kept(data)
        if not killed(data, change, step):
            break
        signing, *former = kept(data)
        assert signing == before[0] or former == (before if change is not replace_leaked else [])
        assert oldest in former or change is replace_leaked
        rotate(data, now())
        assert kept(data)[1] == signing
        assert sorted(data.iterdir()) == files(data)
    assert step > 6
    assert kept(data)[0] not in before
