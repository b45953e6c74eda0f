"""The page of results: tables and plots from the figures of one run, which are kept as JSON beside it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import matplotlib.pyplot as plt

from bench import distance

mpl.use("svg")

BEGIN: Final = "<!-- figures: written by make bench -->"
END: Final = "<!-- end of figures -->"
DISTANCE_BEGIN: Final = "<!-- distance: written by make bench -->"
DISTANCE_END: Final = "<!-- end of distance -->"

Results = Mapping[str, Any]
"""What `bench/__main__.py` collects, as JSON has it."""


def write(results: Results, page: Path) -> None:
    """Put the tables between the marks of the page, and the plots beside it."""
    folder = page.with_suffix("")
    folder.mkdir(exist_ok=True)
    (folder / "figures.json").write_text(f"{json.dumps(results, indent=1)}\n", "utf-8")
    plots = list(_plots(results, folder))
    shown = "\n".join(f"![{title}]({folder.name}/{name})\n" for title, name in plots)
    _put_between(page, BEGIN, END, f"{tables(results)}\n{shown}\n")


def write_distance(results: Results, page: Path) -> None:
    """Likewise what `bench.distance.run` gives, in its own place on the page, and its figures beside it."""
    folder = page.with_suffix("")
    folder.mkdir(exist_ok=True)
    (folder / "distance.json").write_text(f"{json.dumps(results, indent=1)}\n", "utf-8")
    _put_between(page, DISTANCE_BEGIN, DISTANCE_END, distance_tables(results))


def distance_tables(results: Results) -> str:
    return f"{distance.tables(results)}\n{_targets(results['targets'])}\n"


def _put_between(page: Path, begin: str, end: str, text: str) -> None:
    """In place of what stands between these marks; raises ValueError where they are not on the page."""
    before, found, rest = page.read_text("utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        raise ValueError(f"{page} has no {begin} with an {end}")
    page.write_text(f"{before}{begin}\n\n{text}{end}{after}", "utf-8")


def last(page: Path) -> dict[str, Any]:
    """What the page was last written from."""
    found: dict[str, Any] = json.loads((page.with_suffix("") / "figures.json").read_text("utf-8"))
    return found


def tables(results: Results) -> str:
    parts = [_machine(results), target_table(results["rows"])]
    parts += [_endpoints(engine, found) for engine, found in results["endpoints"].items()]
    parts += [_clients(engine, found) for engine, found in results["clients"].items()]
    parts += [_places(results["places"]), _alone(results["engine_alone"]), _peers(results["peers"])]
    return "\n".join(part for part in parts if part)


def target_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Every row of the targets, with what was reached."""
    return f"### The targets\n\n{_targets(rows)}"


def _targets(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = [("engine", "what", "of", "reach", "reached", "")]
    for row in rows:
        sign = "at least" if row["at_least"] else "at most"
        bound = f"{sign} {row['bound']:g} {row['unit']}".strip() if row["bound"] is not None else "for comparison"
        reached = f"{row['middle']:.2f} ({row['low']:.2f} to {row['high']:.2f}) {row['unit']}".strip()
        lines.append((row["engine"], row["row"], row["case"], bound, reached, _VERDICTS[row["good"]]))
    return _table(lines)


_VERDICTS: Final = {True: "reached", False: "**not reached**", None: ""}


def _machine(results: Results) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in results["machine"].items())
    return f"Measured with {facts}; each comparison {results['rounds']} times for {results['seconds']} s.\n"


def _endpoints(engine: str, found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    sizes = list(next(iter(found.values())))
    head = ["endpoint", *(f"{int(size):,}: /s, p50, p99 ms, CPU µs" for size in sizes), "bytes"]
    lines = [
        [endpoint, *(_speed(figures[size]) for size in sizes), f"{figures[sizes[-1]]['answer_bytes']:,.0f}"]
        for endpoint, figures in found.items()
    ]
    return f"### {engine}: every endpoint, 8 clients, by number of tickets\n\n{_table([head, *lines])}"


def _clients(engine: str, found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    clients = list(next(iter(found.values())))
    head = ["endpoint", *(f"{number} clients: /s, p50, p99 ms, CPU µs" for number in clients)]
    lines = [[endpoint, *(_speed(figures[number]) for number in clients)] for endpoint, figures in found.items()]
    return f"### {engine}: by number of clients, the largest data set\n\n{_table([head, *lines])}"


def _speed(figure: Mapping[str, float]) -> str:
    wrong = f", {figure['refused'] + figure['broken']:.0f} failed" if figure["refused"] + figure["broken"] else ""
    return f"{figure['per_second']:,.0f}, {figure['p50']:.2f}, {figure['p99']:.2f}, {figure['cpu']:,.0f}{wrong}"


def _places(places: Sequence[Mapping[str, Any]]) -> str:
    lines = [("engine", "tickets", "database, MB", "memory a worker, MB", "start, s")]
    for place in places:
        size, memory, start = place["database_mb"], place["worker_mib"], place["started_in"]
        lines.append((place["engine"], f"{place['tickets']:,}", f"{size:,.0f}", f"{memory:.0f}", f"{start:.2f}"))
    return f"### Size, memory, start\n\n{_table(lines)}"


def _alone(found: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    lines = [("engine", "what", "clients", "a second", "CPU µs")]
    for engine, speeds in found.items():
        for speed in speeds:
            figures = (f"{speed['per_second']:,.0f}", f"{speed['cpu_micros']:,.0f}")
            lines.append((engine, speed["name"], str(speed["clients"]), *figures))
    return f"### The engine alone\n\n{_table(lines)}" if found else ""


def _peers(found: Sequence[Mapping[str, Any]]) -> str:
    lines = [("engine", "peer", "what", "its /s, p50, p99 ms", "refused", "Keesa's /s, p50, p99 ms")]
    remarks: dict[str, str] = {}
    for beside in found:
        theirs, ours = beside["theirs"], beside["ours"]
        remarks[f"{beside['peer']} {beside['version']}"] = beside["remarks"]
        lines.append((
            beside["engine"],
            beside["peer"],
            beside["kind"],
            f"{theirs['requests'] / theirs['seconds']:,.1f}, {theirs['p50']:,.0f}, {theirs['p99']:,.0f}",
            str(theirs["refused"] + theirs["broken"]),
            f"{ours['per_second']:,.0f}, {ours['p50']:.1f}, {ours['p99']:.1f}",
        ))  # fmt: skip
    said = "\n".join(f"- {peer}: {text}" for peer, text in remarks.items())
    return f"### The peers\n\n{_table(lines)}\n{said}\n" if found else ""


def _table(lines: Iterable[Sequence[str]]) -> str:
    head, *rest = lines
    rule = ["---"] * len(head)
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, rule, *rest))


def _plots(results: Results, folder: Path) -> Iterable[tuple[str, str]]:
    for engine, found in results["endpoints"].items():
        title = f"{engine}: CPU microseconds a request, by number of tickets"
        series = {
            f"{int(size):,}": [figures[size]["cpu"] for figures in found.values()]
            for size in next(iter(found.values()))
        }
        yield title, _bars(title, list(found), series, folder / f"cpu-{engine}.svg")
    kinds = ("list", "one", "create")
    for engine in dict.fromkeys(beside["engine"] for beside in results["peers"]):
        of_engine = [beside for beside in results["peers"] if beside["engine"] == engine]
        series = {"Keesa": [_most(of_engine, kind, None) for kind in kinds]}
        for peer in dict.fromkeys(beside["peer"] for beside in of_engine):
            series[peer] = [_most(of_engine, kind, peer) for kind in kinds]
        title = f"{engine}: requests a second beside the peers (logarithmic)"
        yield title, _bars(title, kinds, series, folder / f"peers-{engine}.svg", logarithmic=True)


def _most(found: Sequence[Mapping[str, Any]], kind: str, peer: str | None) -> float:
    """The best run of a peer, or of Keesa for None."""
    if peer is None:
        return max(float(beside["ours"]["per_second"]) for beside in found if beside["kind"] == kind)
    runs = [b["theirs"] for b in found if b["kind"] == kind and b["peer"] == peer]
    return max((run["requests"] / run["seconds"] for run in runs), default=0.0)


def _bars(
    title: str, names: Sequence[str], series: Mapping[str, Sequence[float]], file: Path, *, logarithmic: bool = False
) -> str:
    """Horizontal bars, a group for each name; the file's name."""
    figure, axes = plt.subplots(figsize=(9, 0.28 * len(names) * max(2, len(series)) + 1.2))
    height = 0.8 / len(series)
    for position, (label, values) in enumerate(series.items()):
        axes.barh([index + position * height for index in range(len(names))], values, height, label=label)
    axes.set_yticks([index + 0.4 - height / 2 for index in range(len(names))], names)
    axes.invert_yaxis()
    axes.set_title(title)
    axes.set_xscale("log" if logarithmic else "linear")
    axes.legend()
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)
    return file.name
