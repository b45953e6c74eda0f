"""Transactions on SQLite or PostgreSQL; the rest of Keesa sees only `Database` and `Tx`."""

import sqlite3
from typing import Final

import psycopg

from keesa.db.engine import Database, Pace, Row, Steps, Tx, Work
from keesa.db.opening import open_database

__all__ = ["DRIVER_ERRORS", "Database", "Pace", "Row", "Steps", "Tx", "Work", "open_database"]

DRIVER_ERRORS: Final = (sqlite3.Error, psycopg.Error)
"""What comes of a schema that somebody has changed by hand, or of a fault of ours."""
