"""The data sets that the benchmarks run on: a desk's years, the same ones from the same seed on both engines.

    .venv/bin/python -m bench.dataset --tickets 10000 --data var/bench/10000 [--database-url URL]

Skewed as a desk's are: a few customers raise much, a few engineers hold much, most tickets are closed, and those
that are not are mostly new. Rows are what the domain would have left, a ticket's history among those of its time.
Only the users' password hash differs from load to load: its salt is random.

`with world_on(engine_place, tickets, seed) as (data, database_url, world):` gives a benchmark a copy of its own.
"""

from bench.dataset.copies import Copy, EnginePlace, world_on
from bench.dataset.loading import load, prepared
from bench.dataset.people import PASSWORD
from bench.dataset.world import World

__all__ = ["PASSWORD", "Copy", "EnginePlace", "World", "load", "prepared", "world_on"]
