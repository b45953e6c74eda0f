"""The figures as a page has them: one line for each server and endpoint, a column for each distance."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any, Final

from bench.distance.measuring import CLIENTS, ROWS, Case, Figure, Figures, who

_ADDED_UP: Final = ("refused", "broken")


def kept(found: Figures) -> list[dict[str, Any]]:
    """As JSON has it: of each case the middle of every value by itself; errors are added up."""
    return [{**case._asdict(), **_middle(figures)} for case, figures in found.items()]


def _middle(figures: Sequence[Figure]) -> dict[str, Any]:
    values = {name: [each[name] for each in map(asdict, figures)] for name in asdict(figures[0])}
    return {
        name: sum(each) if name in _ADDED_UP else None if None in each else median(each)
        for name, each in values.items()
    }


def tables(results: Mapping[str, Any]) -> str:
    """`results` as `bench.distance.run` gives them: how it was measured, and the figures."""
    facts = ", ".join(f"{name} {value}" for name, value in results["machine"].items())
    effort = f"each {results['rounds']} times for {results['seconds']:g} s"
    head = f"Measured with {facts}; {results['tickets']:,} tickets, {CLIENTS} clients, {effort}.\n"
    return f"{head}\n{_figures(results['figures'])}"


def _figures(figures: Sequence[Mapping[str, Any]]) -> str:
    by_case = {Case(each["row"], each["workers"], each["distance"]): each for each in figures}
    distances = sorted({case.distance for case in by_case})
    lines = [["what", "of", *(f"{distance:g} ms" for distance in distances)]]
    for row, workers in dict.fromkeys((case.row, case.workers) for case in by_case):
        cells = (by_case.get(Case(row, workers, distance)) for distance in distances)
        lines.append([ROWS[row], who(workers), *(_cell(each) if each else "" for each in cells)])
    rule = ["---"] * len(lines[0])
    return "".join(f"| {' | '.join(line)} |\n" for line in (lines[0], rule, *lines[1:]))


def _cell(figure: Mapping[str, Any]) -> str:
    """Requests a second; p50 and p99; CPU of application and database; busy cores; round trips."""
    latency = f"p50 {figure['p50']:.1f}, p99 {figure['p99']:.1f} ms; " if figure["p50"] is not None else ""
    micros = f"CPU {figure['application']:,.0f} + {figure['database']:,.0f} µs"
    failed = figure["refused"] + figure["broken"]
    wrong = f"; **{failed} failed**" if failed else ""
    cores, turns = f"{figure['cores']:.1f} cores", f"{figure['turns']:.1f} round trips"
    return f"{figure['per_second']:,.0f}/s; {latency}{micros}; {cores}; {turns}{wrong}"
