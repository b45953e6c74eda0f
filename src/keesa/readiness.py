"""Whether a write would work: one is begun, written and undone, on the way that every write takes."""

from uuid import uuid4

from keesa.db import Tx
from keesa.db.migrate import check_schema
from keesa.db.tables import lacking, touch
from keesa.errors import Unavailable


def prove_writing(tx: Tx) -> None:
    """Give it to `Database.write`. Raises what a write would; nothing of it stays, and it undoes no other."""
    check_schema(tx)
    if lacks := lacking(tx):
        raise Unavailable(
            f"The database lacks tables that Keesa needs, or its role the rights on them (or on each row): {lacks}"
        )
    tx.run("SAVEPOINT readiness")
    touch(tx)
    # a name of its own: one node that hangs between here and the end must not keep all others from being ready
    tx.run("INSERT INTO settings (name, value) VALUES (:name, '')", name=f"readiness {uuid4()}")
    tx.run("ROLLBACK TO SAVEPOINT readiness")
    tx.run("RELEASE SAVEPOINT readiness")
