"""docs/operations.md's table of metrics, its job and its rules, held against the program and Prometheus' own tool."""

import json
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


SERIES: Final = {
    'up{job="keesa", instance="away"}': "0x200",
    'keesa_worker_ends_total{instance="dying"}': "0x100 1x100",
    'keesa_worker_ends_total{instance="anew"}': "3x100 0x100",
    'keesa_http_requests_total{instance="failing", status="500"}': "0+2x200",
    'keesa_http_requests_total{instance="failing", status="200"}': "0+100x200",
    'keesa_http_requests_total{instance="asked badly", status="400"}': "0+50x200",
    'keesa_http_requests_total{instance="asked badly", status="200"}': "0+50x200",
    'keesa_http_request_seconds_bucket{instance="slow", route="/r", method="GET", le="1.0"}': "0+9x200",
    'keesa_http_request_seconds_bucket{instance="slow", route="/r", method="GET", le="2.5"}': "0+10x200",
    'keesa_http_request_seconds_bucket{instance="slow", route="/r", method="GET", le="+Inf"}': "0+10x200",
    'keesa_database_up{instance="never backed up"}': "1x200",
    'keesa_database_up{instance="backed up"}': "1x200",
    'keesa_backup_timestamp_seconds{instance="backed up", kind="full"}': "6000x200",
    'keesa_jobs_late_seconds{instance="late", kind="send"}': "1000x200",
    'keesa_jobs_rest{instance="late", kind="send"}': "0x200",
    'keesa_jobs_late_seconds{instance="paused", kind="send"}': "1000x200",
    'keesa_jobs_rest{instance="paused", kind="send"}': "1x200",
    'keesa_jobs{instance="given up", kind="send", state="given_up"}': "1x200",
    'keesa_jobs{instance="given up", kind="send", state="waiting"}': "9x200",
    'keesa_disk_bytes{instance="full"}': "100x200",
    'keesa_disk_free_bytes{instance="full"}': "9x200",
}
"""By series, its value at the beginning of each minute, from 1970 on."""
ASKED_FOR: Final = {
    "KeesaAway": ({"job": "keesa", "instance": "away"}, "away does not answer, or refuses the token."),
    "KeesaWorkerDies": ({"instance": "dying"}, "A worker of dying has died and was replaced: the log says how."),
    "KeesaFails": (
        {"instance": "failing"},
        "One request in a hundred fails on failing: the log has each with its cause.",
    ),
    "KeesaSlow": ({"instance": "slow", "route": "/r", "method": "GET"}, "GET /r takes more than a second on slow."),
    "KeesaNotBackedUp": (
        {"instance": "never backed up"},
        "The last back-up of never backed up is more than two days old, or there is none.",
    ),
    "KeesaJobsLate": (
        {"instance": "late", "kind": "send"},
        "Jobs of the kind send wait for too long on late: see keesa job list.",
    ),
    "KeesaJobsGivenUp": (
        {"instance": "given up", "kind": "send", "state": "given_up"},
        "Jobs of the kind send were given up: see keesa job list.",
    ),
    "KeesaDiskFull": ({"instance": "full"}, "The disk with the data of full is nearly full: see keesa check."),
}


def test_the_rules_ask_for_somebody_when_they_should(tmp_path: Path) -> None:
    """And not when a server begins anew, has errors that are its clients', or has just been backed up."""
    rules = FOLDER / "keesa.rules.yml"
    expected = [
        {
            "eval_time": "120m",
            "alertname": name,
            "exp_alerts": [
                {"exp_labels": labels, "exp_annotations": {"summary": summary}}
                for labels, summary in ([ASKED_FOR[name]] if name in ASKED_FOR else [])
            ],
        }
        for name in re.findall(r"alert: (\w+)", rules.read_text("utf-8"))
    ]
    series = [{"series": name, "values": values} for name, values in SERIES.items()]
    case = {"interval": "1m", "input_series": series, "alert_rule_test": expected}
    told = {"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": [case]}
    (tmp_path / "cases.yml").write_text(json.dumps(told))  # JSON is YAML
    assert "SUCCESS" in promtool("test", "rules", tmp_path / "cases.yml")
