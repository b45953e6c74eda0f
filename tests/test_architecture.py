"""docs/architecture.md, kept: which package may import which, where the dangerous things stand, and in what words."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from inspect import signature
from pathlib import Path

import pytest

import keesa
from keesa.accounts.permissions import visible_to
from keesa.tickets.selecting import select, select_page

SOURCE = Path(keesa.__file__).parent

DOMAINS = {
    "accounts",
    "attachments",
    "directory",
    "events",
    "feed",
    "files",
    "jobs",
    "notes",
    "pictures",
    "reports",
    "rich_text",
    "tickets",
    "search",
    "uploads",
    "words",
}
MAY_IMPORT = {
    "errors": set[str](),
    "interpreter": set[str](),
    "clock": set[str](),
    "visible": set[str](),
    "logs": {"visible"},
    "names": set[str](),
    "data_folder": {"errors"},
    "db": {"errors", "clock", "data_folder", "interpreter"},
    "maintenance": {"db"},
    "readiness": {"db", "errors"},
    "cache": set[str](),
    "accounts": {"db", "errors", "clock", "names", "maintenance", "cache", "desk"},
    "directory": {"accounts", "db", "errors", "names", "rich_text", "words"},
    "events": {"accounts", "db"},
    "feed": {"accounts", "db", "errors", "events", "tickets"},
    "tickets": {"accounts", "directory", "events", "rich_text", "db", "blank", "errors", "clock", "words"},
    "blank": set(),
    "words": {"blank", "clock", "db", "errors"},
    "search": {"accounts", "db", "errors", "notes", "rich_text", "tickets", "words"},
    "rich_text": {"blank", "words"},
    "s3": {"errors"},
    "files": {"clock", "db", "desk", "errors", "s3"},
    "pictures": {"errors"},
    "attachments": {"accounts", "clock", "db", "errors", "events", "files", "notes", "pictures", "tickets", "uploads"},
    "reports": {"accounts", "clock", "db", "errors", "tickets"},
    "uploads": {"accounts", "clock", "db", "errors", "files"},
    "jobs": {"accounts", "clock", "db", "errors", "maintenance"},
    "housekeeping": {
        "accounts",
        "clock",
        "db",
        "files",
        "interpreter",
        "jobs",
        "reports",
        "tickets",
        "uploads",
        "words",
    },
    "notes": {"tickets", "events", "rich_text", "accounts", "db", "clock", "errors", "words"},
    "config": {"accounts", "data_folder", "db", "errors", "tickets"},
    "secret_key": {"accounts", "clock", "data_folder", "errors"},
    "key_rotation": {"accounts", "errors", "secret_key"},
    "key_watch": {"accounts", "clock", "errors", "secret_key"},
    "demo": DOMAINS | {"db", "clock"},
    "server": set[str](),
    "web": {"server", "db", "errors", "clock", "config", "interpreter", "cache"},
    "api": DOMAINS | {"web", "db", "errors", "clock", "maintenance", "names", "readiness", "cache"},
    "app": DOMAINS | {"api", "web", "config", "db", "clock", "logs", "key_watch", "metrics", "server", "housekeeping"},
    "desk": {"clock", "db"},
    "metrics": {"accounts", "api", "backup", "clock", "config", "db", "maintenance", "server", "web"}
    | {"feed", "files", "housekeeping", "jobs", "words"},
    "backup": DOMAINS | {"db", "desk", "clock", "data_folder", "errors", "s3", "secret_key"},
    "cli": DOMAINS
    | {"app", "api", "server", "config", "db", "errors", "clock", "demo", "logs", "maintenance", "readiness"}
    | {"secret_key", "key_rotation", "visible", "backup", "desk", "metrics", "housekeeping"},
    "__main__": {"cli"},
}
"""Package to the packages that it may import. What is not named, nothing may import: a new one is added on purpose."""

DRIVERS = {"sqlite3": {"db"}, "psycopg": {"db"}}
INTERFACE_LIBRARIES = {
    "starlette": {"web", "api", "app", "metrics", "server"},
    "prometheus_client": {"metrics"},
    "httptools": {"server"},
    "uvloop": {"server"},
    "typer": {"cli"},
    "jwt": {"accounts"},
}


def modules() -> Iterator[tuple[str, Path, ast.Module]]:
    """Dotted name below keesa, path and syntax tree of each module."""
    for path in sorted(SOURCE.rglob("*.py")):
        relative = path.relative_to(SOURCE).with_suffix("")
        yield ".".join(relative.parts).removesuffix(".__init__"), path, ast.parse(path.read_text("utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def packages(tree: ast.Module) -> set[str]:
    """The packages of keesa that a module imports."""
    names = (name.split(".") for name in imported(tree))
    known = {path.stem for path in SOURCE.iterdir()}
    return {parts[1] for parts in names if parts[0] == "keesa" and len(parts) > 1 and parts[1] in known}


MODULES = [pytest.param(path, tree, id=name) for name, path, tree in modules() if name != "__init__"]


def package_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


@pytest.mark.parametrize(("path", "tree"), MODULES)
def test_imports_run_one_way(path: Path, tree: ast.Module) -> None:
    """A package imports only those that it may: the API the domains, the domains the database."""
    package = package_of(path)
    assert packages(tree) - {package} <= MAY_IMPORT[package]


@pytest.mark.parametrize(("path", "tree"), MODULES)
def test_libraries_stay_in_their_packages(path: Path, tree: ast.Module) -> None:
    """Only db knows the drivers, only the packages that speak to the world outside know HTTP and the command line."""
    for name in imported(tree):
        allowed = (DRIVERS | INTERFACE_LIBRARIES).get(name.split(".")[0])
        assert allowed is None or package_of(path) in allowed, f"{path.name} imports {name}"


@pytest.mark.parametrize(("version", "other"), [("v2021", "v2024"), ("v2024", "v2021")])
def test_neither_version_imports_the_other(version: str, other: str) -> None:
    """Deleting a version is deleting its folder: no other module but the composition root names it."""
    for name, _, tree in modules():
        names = set(imported(tree))
        if name.startswith(f"api.{version}"):
            assert not any(f".{other}" in imported_name for imported_name in names), name
        elif name != "app":
            assert not any(f".{version}" in imported_name for imported_name in names), name


READERS = {
    *("tickets/finding.py", "tickets/selecting.py", "tickets/relations.py", "tickets/rows.py"),
    *("feed/reading.py", "search/finding.py"),
    *("tickets/row_selects.py", "tickets/changed_since.py", "tickets/returning.py"),
}
WITH_DUPLICATES = {"tickets/views.py", "tickets/row_views.py"}
"""Of what is shown already, whose notes stand in its main ticket."""


def test_tickets_are_read_where_the_actor_is_asked_for() -> None:
    """A statement that selects tickets stands in the modules that ask who sees them; the others show none."""
    readers = {
        str(path.relative_to(SOURCE))
        for _, path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if "FROM tickets" in node.value or "JOIN tickets" in node.value
    }
    assert readers == READERS | WITH_DUPLICATES | {
        "demo/world.py",
        "db/sizes.py",
        "db/migration_plan.py",
        "metrics/facts.py",
        "reports/recounting.py",
        "events/naming.py",
        "feed/watching.py",
        "words/filling.py",
        "words/texts.py",
        *("search/marks.py", "search/showing.py"),
        *("attachments/checking.py", "attachments/keeping.py", "attachments/listing.py", "attachments/serving.py"),
    }, "names in events ask too, what hangs on a ticket is read once that was found, an index is shown to nobody"


def functions(name: str) -> Iterator[tuple[ast.FunctionDef, set[str]]]:
    """Each function of a module of `tickets`, and the names of what it calls."""
    tree = ast.parse((SOURCE / "tickets" / f"{name}.py").read_text("utf-8"))
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        called = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
        yield function, {getattr(func, "id", getattr(func, "attr", "")) for func in called}


def test_the_queries_of_one_ticket_ask_who_sees() -> None:
    """Every function there that builds a query on tickets calls `visible_to`, is given what such a one has found, or
    is the bots' one way around it.
    """
    around = {
        function.name: [argument.arg for argument in function.args.args]
        for function, called in functions("finding")
        if called & {"one", "all", "each"} and "visible_to" not in called
    }
    assert around == {
        "view_tickets": ["tx", "visible", "parts"],
        "sizes_of": ["tx", "visible"],
        "lock_main": ["tx", "ticket"],
        "state_after": ["tx", "actor", "ticket"],
        "find_for_bot": ["tx", "actor", "number", "customer_id"],
    }


def test_the_lists_are_made_for_an_actor() -> None:
    """Neither way to them can be called without one, nor be told what they see: both ask the one rule themselves."""
    assert list(signature(select).parameters) == ["tx", "actor", "wanted", "groups"]
    assert list(signature(select_page).parameters) == ["tx", "actor", "wanted", "statuses", "page"]
    assert select.__globals__["visible_to"] is select_page.__globals__["visible_to"] is visible_to


def test_only_the_actor_s_ways_make_what_is_seen() -> None:
    """`VisibleTicket` is made where a query has asked who sees, and nowhere else."""
    makers = {
        name
        for name, _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and any(getattr(part, "id", "") == "VisibleTicket" for part in (node.func, *node.args))
    }
    assert makers == {"tickets.finding", "tickets.selecting", "tickets.changed_since"}


def test_a_rich_text_is_made_by_its_cleaning_alone() -> None:
    """What keeps notes and descriptions takes a `RichText`: so none of it can clean inside a transaction."""
    makers = {
        name
        for name, _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "RichText"
    }
    cleaners = {name for name, _, tree in modules() if "keesa.rich_text.html.rich_text" in imported(tree)}
    assert makers == {"rich_text.html"}
    with_placeholders = "keesa.rich_text.placeholders.text_with_placeholders"
    also = {name for name, _, tree in modules() if with_placeholders in imported(tree)}
    assert cleaners == {"api.rich_text", "rich_text.placeholders"}
    assert also == {"api.rich_text", "cli.canned_answer"}


def test_property_tests_ask_the_same_at_each_run() -> None:
    """None draws its questions by chance, or from what else is loaded: `@given` goes with `@deterministic`."""
    sources = [path.read_text() for path in Path(__file__).parent.rglob("test_*.py") if ".venv" not in path.parts]
    properties = [source for source in sources if "@given(" in source]
    assert len(properties) > 5
    assert all(source.count("\n@given(") == source.count("\n@deterministic(") for source in properties)


def test_what_tests_share_is_listed() -> None:
    """`tests/support/README.md` has a line for each module, and none for one that is gone."""
    support = Path(__file__).parent / "support"
    listed = [line.split("`")[1] for line in (support / "README.md").read_text().splitlines() if line.startswith("| `")]
    assert listed == sorted(path.stem for path in support.glob("*.py"))


ROOT = Path(__file__).parents[1]
METAPHOR = re.compile(r"\b(house|rooms?|doors?|rims?|hops?|shelf|shelves|moods?)\b", re.IGNORECASE)
"""Words of buildings and the like that once named parts of the program, for which the field has words of its own."""
IN_THE_DOMAIN = re.compile(r"\bcontrol[ -]rooms?\b", re.IGNORECASE)


def written(path: Path) -> Iterator[str]:
    """What is for readers: a document as it is; of a module its comments, its docstrings and its names."""
    text = path.read_text("utf-8")
    if path.suffix != ".py":
        yield from text.splitlines()
        return
    yield from (
        token.string.replace("_", " ")
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type in (tokenize.NAME, tokenize.COMMENT)
    )
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from node.value.value.splitlines()


@pytest.mark.parametrize("folder", ["*.md", "docs/**/*.md", "src/**/*.py", "src/**/*.sql", "bench/**/*.py"])
def test_parts_are_named_in_the_words_of_the_field(folder: str) -> None:
    """A stranger who writes services needs no glossary: a package is no room, and a request comes through no door."""
    paths = sorted(ROOT.glob(folder))
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in paths
        for line in written(path)
        if METAPHOR.search(IN_THE_DOMAIN.sub("", line))
    ]
    assert paths
    assert found == []
