"""What others feel meanwhile, what was acknowledged to them, and what the server holds."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.accounts import memory_mib, tree
from bench.hostile.asking import Client, Target, answer_of

EVERY: Final = 0.05
"""Seconds between two probes of a kind."""
WRITERS: Final = 2


@dataclass(slots=True)
class Felt:
    """Seconds of each probe, by kind; what failed; and the notes that were acknowledged."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    acknowledged: list[str] = field(default_factory=list)

    def p99(self, kind: str) -> float:
        """In milliseconds; a probe that failed counts as endless."""
        found = sorted([*self.seconds.get(kind, ()), *[float("inf")] * self.failed.get(kind, 0)])
        return found[min(len(found) - 1, len(found) * 99 // 100)] * 1000 if found else float("inf")


async def watch(target: Target, ticket: int, seconds: float) -> Felt:
    felt, ends = Felt(), time.monotonic() + seconds
    async with asyncio.TaskGroup() as group:
        group.create_task(_probe("health", "/health", target, felt, ends, keep=False))
        group.create_task(_probe("one ticket", f"/api/v1/tickets/{ticket}", target, felt, ends, keep=True))
        for number in range(WRITERS):
            group.create_task(_write(target, ticket, number, felt, ends))
    return felt


async def _probe(kind: str, path: str, target: Target, felt: Felt, ends: float, *, keep: bool) -> None:
    client = Client(target)
    while time.monotonic() < ends:
        try:
            status, _, seconds = await client.ask("GET", path)
        except (OSError, TimeoutError):
            status, seconds = 0, 0.0
        if status == 200:
            felt.seconds.setdefault(kind, []).append(seconds)
        else:
            felt.failed[kind] = felt.failed.get(kind, 0) + 1
        if not keep:
            client.close()
        await asyncio.sleep(EVERY)
    client.close()


async def _write(target: Target, ticket: int, writer: int, felt: Felt, ends: float) -> None:
    """Notes of somebody who works; each is noted when it was acknowledged."""
    client, number = Client(target), 0
    while time.monotonic() < ends:
        number += 1
        text = f"watched {writer}/{number}"
        body = {"ticket_note": {"note": text}, "ticket_number": str(ticket)}
        try:
            status, _, seconds = await client.ask("POST", "/api/v1/tickets/add_ticket_note", body)
        except (OSError, TimeoutError):
            status, seconds = 0, 0.0
        if status == 201:
            felt.acknowledged.append(text)
            felt.seconds.setdefault("add note", []).append(seconds)
        else:
            felt.failed["add note"] = felt.failed.get("add note", 0) + 1
        await asyncio.sleep(EVERY)
    client.close()


async def notes_of(target: Target, ticket: int) -> set[str]:
    client = Client(target)
    status, body, _ = await client.ask("GET", f"/api/v1/tickets/{ticket}")
    client.close()
    if status != 200:
        raise RuntimeError(f"the ticket is answered with {status}")
    return {note["comment"] for note in answer_of(body)["data"]["ticket"]["ticket_notes"]}


@dataclass(frozen=True, slots=True)
class Usage:
    """The memory and the open files of all processes of a server."""

    mib: float
    files: int


def usage_of(pid: int) -> Usage:
    processes = tree(pid)
    files = sum(len(list(Path(f"/proc/{process}/fd").iterdir())) for process in processes)
    return Usage(sum(memory_mib(process) for process in processes), files)


def main(host: str, port: int, token: str, ticket: int, seconds: float) -> None:
    """As a process of its own, so that nothing but the server makes it wait: prints what was felt as JSON."""
    felt: Any = asyncio.run(watch(Target(host, port, token), ticket, seconds))
    print(json.dumps({"seconds": felt.seconds, "failed": felt.failed, "acknowledged": felt.acknowledged}))
