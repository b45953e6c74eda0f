"""Asking a server many times at once, with wrk: one thread, `clients` connections, each asking again when answered."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

TIMEOUT: Final = 30
"""Seconds for one answer."""

_SCRIPT: Final = """
local asked, position = {}, 0
function init(args)
  for line in io.lines("%(list)s") do
    local method, path, headers, body = load("return " .. line)()
    asked[#asked + 1] = wrk.format(method, path, headers, body)
  end
end
function request()
  position = position %% #asked + 1
  return asked[position]
end
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('RESULT {"count": %%d, "micros": %%d, "p50": %%f, "p99": %%f, "longest": %%f, "bytes": %%d,'
    .. ' "refused": %%d, "broken": %%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max, summary.bytes,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    """With the query."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Load:
    """What a server did in one run of wrk; latencies in milliseconds, `answer_bytes` of one answer with its headers."""

    clients: int
    requests: int
    seconds: float
    p50: float
    p99: float
    longest: float
    answer_bytes: float
    refused: int
    """Answers of 400 and above."""
    broken: int
    """Connections that failed, and answers that never came."""

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def require_wrk() -> None:
    """Raise SystemExit, saying how to get it, where wrk is missing."""
    if shutil.which("wrk") is None:
        raise SystemExit("The benchmarks ask with wrk, which is not here: install it with `apt-get install wrk`")


def run(url: str, requests: Sequence[Request], clients: int, seconds: float) -> Load:
    """Ask for `requests` one after the other, from the first again after the last; `url` without a path."""
    with tempfile.TemporaryDirectory(prefix="keesa-wrk-") as folder:
        listed, script = Path(folder, "requests"), Path(folder, "script.lua")
        listed.write_text("".join(f"{_in_lua(request)}\n" for request in requests), "utf-8")
        script.write_text(_SCRIPT % {"list": listed}, "utf-8")
        asked = [
            "wrk",
            "-t1",
            f"-c{clients}",
            f"-d{max(1, round(seconds))}s",
            f"--timeout={TIMEOUT}s",
            f"-s{script}",
            url,
        ]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    result = next((line for line in done.stdout.splitlines() if line.startswith("RESULT ")), None)
    if result is None:
        raise RuntimeError(f"wrk told nothing of {url}: {done.stdout}{done.stderr}")
    told = json.loads(result.removeprefix("RESULT "))
    return Load(
        clients=clients,
        requests=told["count"],
        seconds=told["micros"] / 1e6,
        p50=told["p50"] / 1000,
        p99=told["p99"] / 1000,
        longest=told["longest"] / 1000,
        answer_bytes=told["bytes"] / max(1, told["count"]),
        refused=told["refused"],
        broken=told["broken"],
    )


def _in_lua(request: Request) -> str:
    headers = ", ".join(f"[{_text(name)}] = {_text(value)}" for name, value in request.headers.items())
    body = _text(request.body.decode("latin-1")) if request.body else "nil"
    return f"{_text(request.method)}, {_text(request.path)}, {{{headers}}}, {body}"


def _text(value: str) -> str:
    """A Lua string literal, on one line, of any bytes (as latin-1)."""
    plain = (c if c.isascii() and c.isprintable() and c not in '"\\' else f"\\{ord(c):03}" for c in value)
    return f'"{"".join(plain)}"'
