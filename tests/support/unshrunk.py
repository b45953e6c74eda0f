"""Free pages in a data file, for what gives them back."""

from typing import Final

from keesa.db import Database, Tx

PAGE: Final = 4096


def fill(database: Database, pages: int) -> None:
    """Leave so many free pages in the file, behind what is there; what is written next goes into them."""

    def grow(tx: Tx) -> None:
        tx.script("CREATE TABLE filler (text TEXT NOT NULL);")
        for _ in range(pages):
            tx.run("INSERT INTO filler (text) VALUES (:text)", text="x" * (PAGE - 100))

    database.migrating(grow)
    database.migrating(lambda tx: tx.script("DROP TABLE filler;"))


def free_pages(tx: Tx) -> int:
    found: int = tx.all("PRAGMA freelist_count")[0]["freelist_count"]
    return found
