"""Which databases are kept: none is forgotten, and none is larger than a test should be."""

from typing import Final

from keesa.db.migrate import migrations
from kept_forms import FORMS, LISTED, kept_forms

LARGEST: Final = 100_000
LARGEST_TOGETHER: Final = 2_000_000
"""Bytes."""


def test_every_schema_but_the_newest_is_kept() -> None:
    """Whoever adds a migration makes the form of the commit before it, while there is one."""
    names = [f"{each.version:04}_{each.name}" for each in migrations("sqlite")]
    kept = [form.migrations for form in kept_forms()]
    missing = [names[:count] for count in range(2, len(names)) if names[:count] not in kept]
    assert missing == [], "make their forms: tests/upgrades/README.md"


def test_the_list_is_that_of_the_files() -> None:
    """Each form has a data file, a dump and an entry; oldest first."""
    forms = kept_forms()
    files = {f"{form.name}.{kind}.xz" for form in forms for kind in ("sqlite", "sql")}
    assert {path.name for path in FORMS.iterdir()} == files | {LISTED.name}
    assert [form.committed_at for form in forms] == sorted(form.committed_at for form in forms)


def test_the_files_are_small() -> None:
    """Each of them, and all together."""
    sizes = [path.stat().st_size for path in FORMS.iterdir()]
    assert max(sizes) < LARGEST
    assert sum(sizes) < LARGEST_TOGETHER
