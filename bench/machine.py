"""What the figures were measured on: without a name of the machine, or a path on it."""

import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path

import psycopg


def describe(postgres_url: str | None) -> dict[str, str]:
    found = {
        "processor": _first("/proc/cpuinfo", "model name"),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{int(_first('/proc/meminfo', 'MemTotal').split()[0]) // 1024 // 1024} GiB",
        "kernel": platform.release(),
        "Python": platform.python_version(),
        "Keesa": version("keesa"),
        "httptools": version("httptools"),
        "uvloop": version("uvloop"),
        "SQLite": sqlite3.sqlite_version,
        "psycopg": version("psycopg"),
    }
    if postgres_url:
        with psycopg.connect(postgres_url) as connection:
            number = connection.info.server_version
        found["PostgreSQL"] = f"{number // 10_000}.{number % 10_000}"
    return found


def _first(path: str, name: str) -> str:
    for line in Path(path).read_text("utf-8").splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return "unknown"
