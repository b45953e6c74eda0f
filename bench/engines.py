"""The engines that a benchmark is asked for."""

import argparse
from collections.abc import Sequence
from typing import Final, Literal

Engine = Literal["sqlite", "postgres"]
ENGINES: Final[tuple[Engine, ...]] = ("sqlite", "postgres")


def chosen_engines(text: str) -> Sequence[Engine]:
    """An option's value: their names, separated by commas, or `both`."""
    words = [word.strip() for word in text.split(",")]
    if unknown := [word for word in words if word not in {*ENGINES, "both"}]:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is no engine: it is sqlite, postgres or both")
    return [engine for engine in ENGINES if engine in words or "both" in words]
