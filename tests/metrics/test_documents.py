"""docs/operations.md's table of metrics, its job and its rules, held against the program and Prometheus' own tool."""

import re
from pathlib import Path
from typing import Final

from keesa.metrics.families import FAMILIES
from operations_document import DOCUMENT, block
from prometheus import promtool

FOLDER: Final = Path(__file__).parents[2] / "deploy" / "prometheus"
ROW: Final = re.compile(r"^\| `((?:keesa|process)_\w+)` \| (\w+) \| ([^|]*) \| ([^|]*) \|$", re.MULTILINE)
ENGINES: Final = {"sqlite": " (SQLite)", "postgres": " (PostgreSQL)", None: ""}


def test_every_metric_stands_in_the_table() -> None:
    """With its kind, its labels and what it tells, in the order in which it is shown; and none that is not there."""
    told = [
        (each.name, each.kind, ", ".join(f"`{label}`" for label in each.labels), each.help + ENGINES[each.engine])
        for each in FAMILIES
    ]
    assert ROW.findall(DOCUMENT.read_text("utf-8")) == told


def test_the_files_are_those_of_the_page() -> None:
    """The job and the rules, as `deploy/prometheus/` has them."""
    for name in ("keesa.yml", "keesa.rules.yml"):
        text = (FOLDER / name).read_text("utf-8")
        assert block("yaml", text.partition("\n")[0]) == text


def test_the_rules_are_sound_and_ask_for_what_there_is() -> None:
    """Prometheus' own tool finds no fault, and each metric is one of ours."""
    assert "SUCCESS" in promtool("check", "rules", FOLDER / "keesa.rules.yml")
    asked = set(re.findall(r"\bkeesa_\w+", (FOLDER / "keesa.rules.yml").read_text("utf-8")))
    assert asked <= {f"{each.name}{'_bucket' * (each.kind == 'histogram')}" for each in FAMILIES}
    assert len(asked) > 8
