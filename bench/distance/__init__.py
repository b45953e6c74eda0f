"""Keesa with its database on another machine: what a distance costs, beside the engine alone at the same distance.

    make bench ARGS="--distance [0,1,2.4] [--rows create,one] [--seconds 2] [--rounds 3] [--page]"

The other machine is a proxy on this one (`tests/support/database_proxy.py`) that makes a round trip as long as it is
told. One server with one worker and one with two use the same database through it, and are asked in turns at every
distance: so a ratio is of the same processes, moments apart. `measuring.py` asks, `targets.py` has what shall be
reached, `telling.py` makes the tables.
"""

from bench.distance.measuring import DISTANCES, ROWS, Alone, Case, Desks, Figures, measured
from bench.distance.running import run
from bench.distance.targets import targets
from bench.distance.telling import tables

__all__ = ["DISTANCES", "ROWS", "Alone", "Case", "Desks", "Figures", "measured", "run", "tables", "targets"]
