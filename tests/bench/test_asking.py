"""What the benchmarks read of wrk and of the operating system."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.accounts import cpu_seconds
from bench.wrk import Request, run_exactly

WRK = """#!{python}
import re, signal, sys, time
script = open(next(word for word in sys.argv if word.startswith("-s"))[2:]).read()
asked = int(re.search(r"answered == ([0-9]+) then", script)[1])
requests = open(re.search(r'io.lines."(.*?)"', script)[1]).read().splitlines()
def stop(*_):
    print('RESULT {{"count": %d, "micros": 100000, "p50": 1, "p99": 1, "longest": 1, "bytes": 500, "refused": 2,'
          ' "broken": %d}}' % (asked - {missing}, {broken}))
    sys.exit()
signal.signal(signal.SIGINT, stop)
print("ANSWERED" if len(requests) == 2 else "these are not two requests", flush=True)
time.sleep(30)
"""
REQUESTS = [Request("GET", "/one"), Request("POST", "/two", {"Content-Type": "text/plain"}, b"\n")]
BURN = "import time\nwhile time.process_time() < 0.3: pass"


@pytest.fixture
def wrk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    """In its place: a program that waits to be stopped, and then tells of fewer answers, or of broken connections."""

    def put(missing: int, broken: int) -> None:
        program = tmp_path / "wrk"
        program.write_text(WRK.format(python=sys.executable, missing=missing, broken=broken))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    return put


def test_wrk_is_stopped_at_the_last_answer(wrk: Callable[[int, int], None]) -> None:
    """And told what it found: refusals are counted, and are the caller's to judge."""
    wrk(0, 0)
    load = run_exactly("http://127.0.0.1:1", REQUESTS, 8, 50)
    assert (load.requests, load.refused, load.broken) == (50, 2, 0)
    assert load.answer_bytes == 10


@pytest.mark.parametrize(("missing", "broken"), [(1, 0), (0, 1)])
def test_answers_that_did_not_come_are_an_error(wrk: Callable[[int, int], None], missing: int, broken: int) -> None:
    """So that CPU is never divided by requests that were not answered."""
    wrk(missing, broken)
    with pytest.raises(RuntimeError, match=f"answered {50 - missing} of 50 requests, and broke {broken}"):
        run_exactly("http://127.0.0.1:1", REQUESTS, 8, 50)


def test_cpu_is_counted_of_a_process_and_of_its_children_living_and_ended() -> None:
    """A worker that ends amid a measurement takes nothing away; a process that is gone counts as nothing."""
    before = cpu_seconds([os.getpid()])
    subprocess.run([sys.executable, "-c", BURN], check=True)
    assert cpu_seconds([os.getpid()]) - before >= 0.28
    waiting = f"{BURN}\nprint(flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", waiting], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as living:
        assert living.stdout is not None
        living.stdout.readline()
        assert cpu_seconds([living.pid]) >= 0.3
        living.communicate(b"\n")
    assert cpu_seconds([living.pid]) == 0
