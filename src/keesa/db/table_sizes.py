"""How large a table is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TableSize:
    name: str
    rows: int
    estimated: bool
    """Whether nobody has counted the rows."""
    bytes: int | None
    """With its indexes; None where this engine cannot tell."""
    dead_rows: int = 0
    """That were replaced or deleted, and not yet cleared away: PostgreSQL's."""
    autovacuum: bool = True
    """Whether PostgreSQL may clear them away by itself."""
