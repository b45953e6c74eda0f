"""Transactions on SQLite or PostgreSQL; the rest of Keesa sees only `Database` and `Tx`."""

from keesa.db.engine import Database, Pace, Row, State, Steps, Tx, Work
from keesa.db.opening import driver_errors, open_database

__all__ = ["Database", "Pace", "Row", "State", "Steps", "Tx", "Work", "driver_errors", "open_database"]
