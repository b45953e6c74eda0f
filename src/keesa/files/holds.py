"""Who reads all files at this moment, such as a back-up: until then none is swept away."""

from keesa.db import Tx


def hold(tx: Tx, name: str, until: int, at: int) -> None:
    """Keep sweeps away up to that time, under a name of one's own; said again it is renewed. What has lapsed goes."""
    tx.run("DELETE FROM file_holds WHERE until < :at", at=at)
    tx.run(
        "INSERT INTO file_holds (name, until) VALUES (:name, :until)"
        " ON CONFLICT (name) DO UPDATE SET until = excluded.until",
        name=name,
        until=until,
    )


def let_go(tx: Tx, name: str) -> None:
    tx.run("DELETE FROM file_holds WHERE name = :name", name=name)


def are_held(tx: Tx, at: int) -> bool:
    return bool(tx.all("SELECT 1 AS one FROM file_holds WHERE until >= :at LIMIT 1", at=at))
