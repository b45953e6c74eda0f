"""Starts the peers one after the other, proves that they answer rightly, and asks each for a few seconds.

.venv/bin/python -m bench.peers --tickets 1000 --engine postgres [--only roundup]
"""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from bench.engines import Engine
from bench.peers import PEERS, Peer, Running
from bench.peers.asking import prove_create
from bench.peers.measuring import measure
from bench.wrk import Load, require_wrk


def main() -> None:
    options = _options()
    require_wrk()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    failed = False
    print(f"{'':<16} {'':<8} {'req/s':>8} {'p50 ms':>8} {'p99 ms':>8} {'refused':>8} {'broken':>8}")
    for name, peer in PEERS.items():
        if options.only in {None, name}:
            try:
                _try(peer, options.engine, options)
            except RuntimeError as failure:
                failed = True
                print(f"{peer.name}: {failure}", flush=True)
    sys.exit(failed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.peers", description="Start other ticket systems and ask them.")
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="postgres")
    parser.add_argument("--tickets", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--only", choices=tuple(PEERS))
    parser.add_argument("--folder", type=Path, default=Path(os.environ.get("KEESA_BENCH_DIR", "var/bench"), "peers"))
    options = parser.parse_args()
    if options.tickets < 1:
        parser.error("a peer needs at least one ticket to be asked for")
    return options


def _try(peer: Peer, engine: Engine, options: argparse.Namespace) -> None:
    start = time.monotonic()
    with peer.serving(engine, options.tickets, options.workers, options.folder.absolute()) as running:
        prove_create(running, peer.counts)
        took = time.monotonic() - start
        print(f"{peer.name} {peer.version}, {engine}, {options.tickets} tickets, ready after {took:.0f} s", flush=True)
        _measure_all(running, options)
    print(f"  {peer.remarks}", flush=True)


def _measure_all(running: Running, options: argparse.Namespace) -> None:
    kinds = (
        ("list", [running.list_request]),
        ("one", running.one_requests),
        ("create", [running.create_request]),
    )
    for kind, requests in kinds:
        print(_row(kind, measure(running, requests, options.clients, options.seconds)), flush=True)


def _row(kind: str, load: Load) -> str:
    figures = f"{load.per_second:8.1f} {load.p50:8.0f} {load.p99:8.0f} {load.refused:8} {load.broken:8}"
    return f"{'':<16} {kind:<8} {figures}"


if __name__ == "__main__":
    main()
