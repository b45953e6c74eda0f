"""`keesa` as a program that is written for another schema: an older one, or the next one.

    python program_at.py VERSION serve …

An older one is this program without its newer migrations; the next one has one more, beside which older ones may run.
"""

import sys
from collections.abc import Callable
from typing import Final

from keesa.__main__ import main
from keesa.db import migrate
from keesa.db.migrate import Migration, migrations

LATEST: Final = migrate.latest()
HARMLESS: Final = "CREATE TABLE later (id $identity, name TEXT NOT NULL);\nINSERT INTO later (name) VALUES ('x');\n"


def migrations_at(version: int) -> Callable[[str], list[Migration]]:
    """By engine, those of a program that is written for the schema `version`."""
    further = [Migration(number, "harmless", None, HARMLESS) for number in range(LATEST + 1, version + 1)]
    return lambda engine: [*(each for each in migrations(engine) if each.version <= version), *further]


if __name__ == "__main__":
    _, given, *arguments = sys.argv
    schema = int(given)
    vars(migrate).update(migrations=migrations_at(schema), latest=lambda: schema)
    sys.argv = ["keesa", *arguments]
    main()
