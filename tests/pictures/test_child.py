"""The process that looks into pictures: confined, ended and begun anew, whatever happens to it."""

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
import uvloop
from PIL import Image

from keesa.errors import Invalid, Unavailable
from keesa.pictures import decoding
from keesa.pictures import preparing as child_side
from pictures import Preparing, drawn, encoded, is_alive, preparing
from waiting import PATIENCE, wait_until

PICTURE = encoded(drawn(), "PNG")


async def soon(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - nothing tells it
            await asyncio.sleep(0.001)


async def at_work(prepare: Preparing, into: Path) -> asyncio.Task[object]:
    """A picture that the process was given, and which it will not look into: it is stopped."""
    if prepare.child is not None:
        prepare.send(signal.SIGSTOP)
    task = asyncio.ensure_future(prepare.decoders.prepare(BytesIO(PICTURE), into))
    await soon(lambda: prepare.child is not None and prepare.decoders._turn.locked())  # noqa: SLF001
    prepare.send(signal.SIGSTOP)
    return task


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    ("how", "answer"),
    [
        (signal.SIGKILL, Unavailable),
        (signal.SIGTERM, Unavailable),
        (signal.SIGSEGV, Invalid),
        (signal.SIGABRT, Invalid),
        (signal.SIGXCPU, Invalid),
    ],
)
def test_a_process_that_dies(tmp_path: Path, how: signal.Signals, answer: type[Exception], *, first: bool) -> None:
    """Where somebody ends it, the picture may come again; where it fell over the picture, that is at fault. The next
    one is looked into.
    """

    async def dying(prepare: Preparing) -> None:
        task = await at_work(prepare, tmp_path)
        prepare.send(how, signal.SIGCONT)
        with pytest.raises(answer):
            await task

    with preparing(tmp_path) as prepare:
        if not first:
            prepare(PICTURE)
        prepare.runner.run(dying(prepare))
        assert prepare.child is None
        assert prepare(PICTURE).forms


def test_a_process_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ended, and the next picture is looked into by another."""

    async def hanging(prepare: Preparing) -> None:
        task = await at_work(prepare, tmp_path)
        assert prepare.child is not None
        pid = prepare.child
        with pytest.raises(Unavailable):
            await task
        assert not is_alive(pid)

    with preparing(tmp_path) as prepare:
        prepare(PICTURE)
        monkeypatch.setattr(decoding, "SECONDS", 0.2)
        prepare.runner.run(hanging(prepare))
        monkeypatch.undo()
        assert prepare(PICTURE).forms


def test_one_that_is_killed_while_it_has_nothing_to_do(tmp_path: Path) -> None:
    """Nobody notices."""
    with preparing(tmp_path) as prepare:
        prepare(PICTURE)
        pid = prepare.child
        prepare.send(signal.SIGKILL)
        wait_until(lambda: pid is not None and not is_alive(pid))
        assert prepare(PICTURE).forms
        assert prepare.child != pid


def test_whoever_waited_is_gone(tmp_path: Path) -> None:
    """The process is ended with what nobody waits for, and the next one is looked into."""

    async def leaving(prepare: Preparing) -> None:
        task = await at_work(prepare, tmp_path)
        pid = prepare.child
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert pid is not None
        assert not is_alive(pid)

    with preparing(tmp_path) as prepare:
        prepare.runner.run(leaving(prepare))
        assert prepare(PICTURE).forms


def test_few_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One is looked into, some wait, and the next one is turned away at once."""
    monkeypatch.setattr(decoding, "WAITING", 2)

    async def many(prepare: Preparing) -> None:
        tasks = [await at_work(prepare, tmp_path)]
        for number in range(3):
            (tmp_path / str(number)).mkdir()
            tasks.append(asyncio.ensure_future(prepare.decoders.prepare(BytesIO(PICTURE), tmp_path / str(number))))
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        assert [type(task.exception()) for task in done] == [Unavailable]
        prepare.send(signal.SIGCONT)
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert sum(isinstance(result, Unavailable) for result in results) == 1

    with preparing(tmp_path) as prepare:
        prepare.runner.run(many(prepare))


def test_it_ends_when_it_has_nothing_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its memory is given back."""
    monkeypatch.setattr(decoding, "IDLE_SECONDS", 0)

    async def idle(prepare: Preparing) -> None:
        await prepare.decoders.prepare(BytesIO(PICTURE), tmp_path)
        await soon(lambda: prepare.child is None)

    with preparing(tmp_path) as prepare:
        prepare.runner.run(idle(prepare))


def test_it_is_replaced_after_many_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What its libraries have kept goes with it."""
    monkeypatch.setattr(decoding, "PICTURES", 2)

    async def several(prepare: Preparing) -> list[int | None]:
        seen = []
        for number in range(5):
            (tmp_path / str(number)).mkdir()
            await prepare.decoders.prepare(BytesIO(PICTURE), tmp_path / str(number))
            seen.append(prepare.child)
        return seen

    with preparing(tmp_path) as prepare:
        seen = prepare.runner.run(several(prepare))
    assert [pid is None for pid in seen] == [False, True, False, True, False]
    assert len({seen[0], seen[2], seen[4]}) == 3


def test_it_is_confined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In memory, time, files and place at the processor; and knows no secret of its parent's."""
    monkeypatch.setenv("KEESA_SECRET", "not for the child")
    with preparing(tmp_path) as prepare:
        prepare(PICTURE)
        process = Path(f"/proc/{prepare.child}")
        limits = {line[:26].strip(): line[26:].split()[0] for line in (process / "limits").read_text().splitlines()}
        assert int(limits["Max address space"]) < 512 * 1024 * 1024
        assert int(limits["Max file size"]) == 128 * 1024 * 1024
        assert int(limits["Max core file size"]) == 0
        assert 30 <= int(limits["Max cpu time"]) <= 40
        assert (process / "oom_score_adj").read_text().strip() == "1000"
        assert os.getpriority(os.PRIO_PROCESS, prepare.child or 0) == os.getpriority(os.PRIO_PROCESS, 0) + 5
        assert b"KEESA" not in (process / "environ").read_bytes()
        assert prepare.scratch.stat().st_mode & 0o777 == 0o700
        assert not list(prepare.scratch.iterdir())


def test_none_is_left_after_the_end(tmp_path: Path) -> None:
    """Neither where there was nothing to do, nor in the middle of a picture; and no other one begins."""

    async def closing(prepare: Preparing) -> int | None:
        task = await at_work(prepare, tmp_path)
        pid = prepare.child
        prepare.decoders.close()
        for picture in (task, prepare.decoders.prepare(BytesIO(PICTURE), tmp_path)):
            with pytest.raises(Unavailable):
                await picture
        return pid

    with preparing(tmp_path) as prepare:
        pid = prepare.runner.run(closing(prepare))
    with preparing(tmp_path) as other:
        other(PICTURE)
        idle = other.child
    assert pid is not None
    assert idle is not None
    assert not is_alive(pid)
    assert not is_alive(idle)


PARENT = """
import sys, time
from pathlib import Path
from pictures import *
prepare = Preparing(Path(sys.argv[1]))
prepare(encoded(drawn(), "PNG"))
print(prepare.child, flush=True)
time.sleep(600)
"""


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    """However that ends."""
    with subprocess.Popen([sys.executable, "-c", PARENT, tmp_path], stdout=subprocess.PIPE, env=_as_here()) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.kill()
        wait_until(lambda: not is_alive(pid))


def _as_here() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def test_in_the_loop_of_a_server(tmp_path: Path) -> None:
    """A file is read by its descriptor, from its beginning, and stays where it was."""
    path = tmp_path / "sent"
    path.write_bytes(PICTURE)

    async def served() -> None:
        decoders = decoding.Decoders(tmp_path / "scratch", 2, keep_data=False)
        try:
            with path.open("rb") as file:
                file.seek(7)
                assert (await decoders.prepare(file, tmp_path)).forms
                assert file.tell() == 7
        finally:
            decoders.close()

    uvloop.run(served())


def test_large_pictures_take_turns_on_a_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one is looked into, another process waits for it; with small ones it goes on."""
    large = encoded(Image.new("L", (4001, 4000)), "PNG", compress_level=1)
    with preparing(tmp_path, megapixels=20) as prepare:
        prepare(PICTURE)
        with (prepare.scratch / child_side.LARGE).open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            assert prepare(PICTURE).forms
            monkeypatch.setattr(decoding, "SECONDS", 0.5)
            with pytest.raises(Unavailable):
                prepare(large)
            monkeypatch.undo()
        assert prepare(large).forms
