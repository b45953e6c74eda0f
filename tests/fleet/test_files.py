"""The fleet's files: each is filled for every machine, and docs/fleet.md explains each."""

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.fleet.fill import HERE, PLACEHOLDER, TEMPLATES, fill, filled, values_of
from deploy.fleet.trial.database import environment_of
from deploy.fleet.trial.places import MACHINES, choose
from keesa.api import health
from keesa.config import load_config

ROOT = Path(__file__).parents[2]
EXAMPLE = HERE / "machines.ini"


@pytest.mark.parametrize("machine", ["keesa1", "keesa2", "keesa3"])
def test_the_example_fills_every_file(machine: str, tmp_path: Path) -> None:
    """As an operator does it, with nothing but Python; what it writes is its owner's alone."""
    folder = tmp_path / "filled"
    subprocess.run([sys.executable, "-I", "-S", HERE / "fill.py", EXAMPLE, machine, folder], check=True, cwd="/")
    assert sorted(path.name for path in folder.iterdir()) == sorted(TEMPLATES)
    for path in folder.iterdir():
        assert not PLACEHOLDER.search(path.read_text())
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert f"\nname: {machine}\n" in (folder / "patroni.yml").read_text()


def test_every_template_is_filled_and_every_value_used() -> None:
    """No file of the folder is left out, and no value that an operator writes is for nothing."""
    beside = {path.name for path in HERE.iterdir() if path.is_file()} - {"fill.py", "machines.ini"}
    assert beside == set(TEMPLATES)
    wanted = {name for file in TEMPLATES for name in PLACEHOLDER.findall((HERE / file).read_text())}
    given = values_of(EXAMPLE, "keesa1").keys()
    assert wanted <= given
    assert {name for name in given - wanted if not re.fullmatch(r"MACHINE\d", name)} == set()


def test_what_has_no_value_is_refused() -> None:
    with pytest.raises(KeyError, match="SECRET"):
        filled("KEESA_SECRET=@SECRET@", {"NAME": "keesa1"})


def test_the_trial_fills_the_same_files(tmp_path: Path) -> None:
    """With ports of its own, none of them twice, and a Keesa that reads its settings."""
    values = choose(tmp_path)
    ports = []
    for number in MACHINES:
        fill(values[number], tmp_path)
        settings = environment_of(tmp_path / "keesa.env")
        if number < len(MACHINES):
            config = load_config(settings)
            assert config.workers == 2
            assert config.database_url is not None
            ports += [config.port, int(values[number]["PGBOUNCER_PORT"])]
    assert len(set(ports)) == 4


def seconds(file: str, setting: str) -> list[int]:
    """Every number of that setting in a file, in its order."""
    return [int(found) for found in re.findall(rf"^ *{setting}[ :=]+(\d+)s?$", (HERE / file).read_text(), re.MULTILINE)]


def test_who_waits_for_another_waits_longer() -> None:
    """HAProxy for `/ready` and for an answer, longer than Keesa for PostgreSQL; PgBouncer as long as Keesa."""
    assert seconds("haproxy.cfg", "timeout check")[-1] > health.PATIENCE
    assert seconds("haproxy.cfg", "timeout server")[-1] > 15
    assert seconds("pgbouncer.ini", "query_wait_timeout") == [10]


def test_a_primary_has_the_time_to_look_for_etcd_twice() -> None:
    """Patroni's own rule: one that steps down without need is a fail-over without need."""
    [lease], [pause], [patience] = (seconds("patroni.yml", name) for name in ("ttl", "loop_wait", "retry_timeout"))
    assert lease >= pause + 2 * patience


def test_the_poolers_leave_connections_to_others() -> None:
    """To Patroni, to standbys, and to who looks at a full desk."""
    [of_a_node], [of_all] = seconds("pgbouncer.ini", "default_pool_size"), seconds("patroni.yml", "max_connections")
    assert 2 * of_a_node <= of_all - 40


def test_the_guide_explains_every_file_and_setting_of_the_values() -> None:
    """By its name, so that a new file is not forgotten."""
    guide = (ROOT / "docs" / "fleet.md").read_text("utf-8")
    assert [name for name in (*TEMPLATES, "machines.ini", "fill.py") if f"`{name}`" not in guide] == []
