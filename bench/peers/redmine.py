"""Redmine 5, from Debian's packages, in Puma: an instance of its own, in production mode, one process a worker."""

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bench.engines import Engine
from bench.peers.asking import make_ready, wait_for
from bench.peers.installing import package_version, require_packages
from bench.peers.peer import LIST_SIZE, Running, json_body, read_json, some_of
from bench.peers.searching import Hits, Search
from bench.peers.stores import DATABASE, OWNER, Postgres, Sqlite, fill, opened
from bench.peers.texts import QUESTIONS
from bench.programs import Surroundings, Unavailable, finish, free_port, program
from bench.wrk import Request

_PACKAGES: Final = ("redmine", "redmine-pgsql", "redmine-sqlite", "puma")
_USER: Final = "www-data"
_THREADS: Final = 5
"""Of each Puma process: Puma's own default, and as many connections to the database."""
_CODE: Final = Path("/usr/share/redmine")
_INSTANCES: Final = Path("/var/lib/redmine")

_SQLITE: Final = """
production:
  adapter: sqlite3
  database: {file}
  pool: {threads}
  timeout: 5000
"""
_POSTGRES: Final = """
production:
  adapter: postgresql
  host: 127.0.0.1
  port: {port}
  username: {owner}
  database: {database}
  encoding: utf8
  pool: {threads}
"""

_SETTLE: Final = """
Setting.rest_api_enabled = '1'
admin = User.find_by_login('admin')
admin.update_column(:must_change_passwd, false)
project = Project.new(name: 'Support', identifier: 'support', is_public: true)
project.enabled_module_names = ['issue_tracking']
project.trackers = Tracker.all
project.save!
(1..5).each do |number|
  customer = User.new(firstname: 'Customer', lastname: number.to_s, mail: "customer#{number}@example.org")
  customer.login = "customer#{number}"
  customer.password = SecureRandom.hex(16)
  customer.save!
end
File.write(ENV.fetch('KEY_FILE'), admin.api_key)
"""

# A ticket is a tree of one (its own root, left 1, right 2); three notes each.
_LOAD: Final = (
    """CREATE TEMPORARY TABLE base AS
       SELECT (SELECT id FROM projects WHERE identifier = 'support') AS project,
              (SELECT min(id) FROM trackers) AS tracker,
              (SELECT min(id) FROM issue_statuses) AS status,
              (SELECT id FROM enumerations WHERE type = 'IssuePriority' AND is_default) AS priority,
              (SELECT id FROM users WHERE login = 'admin') AS admin,
              (SELECT min(id) FROM users WHERE login LIKE 'customer%') AS customer""",
    "CREATE TEMPORARY TABLE written (k integer, content text)",
    """INSERT INTO written VALUES
       (1, 'Thank you, we look at it now. Which light does it show?'),
       (2, 'The same model failed last week: its cable was broken.'),
       (3, 'A red one. It went out when the cable was moved.')""",
    """INSERT INTO issues (id, tracker_id, project_id, subject, description, status_id, priority_id, author_id,
                           lock_version, created_on, updated_on, start_date, done_ratio, root_id, lft, rgt, is_private)
       SELECT n, tracker, project, 'Scanner ' || n || ' does not answer',
              'It was silent since this morning, and a restart did not help.', status, priority, customer + n % 5,
              0, moment, moment, date(moment), 0, n, 1, 2, false
         FROM numbers, base""",
    """INSERT INTO journals (id, journalized_id, journalized_type, user_id, notes, created_on, private_notes)
       SELECT 3 * (n - 1) + k, n, 'Issue', admin, content || CASE k WHEN 3 THEN besides ELSE '' END, moment, false
         FROM numbers, base, written""",
)


class Redmine:
    name = "Redmine"
    has_search = True
    remarks = (
        "One ticket and the list hold no notes (asked for a ticket's journals, it does more). On SQLite it answers some"
        " creates with 500 (the database is locked) when several come at once."
    )

    @property
    def version(self) -> str:
        return package_version("redmine")

    def counts(self, answer: bytes) -> tuple[int, int]:
        found = read_json(answer)
        return len(found["issues"]), found["total_count"]

    @contextmanager
    def serving(
        self, engine: Engine, tickets: int, workers: int, folder: Path, *, searched: bool = False
    ) -> Iterator[Running]:
        if os.geteuid():
            raise Unavailable("Redmine's package keeps its instances where only root may add one: run as root")
        require_packages(_PACKAGES, folder)
        home, port = folder / f"redmine-{self.version}" / engine, free_port()
        with opened(engine, home, _USER) as store, _instance(home, engine, store) as around:
            if not store.made:
                _make(store, home, around)
            fill(store, home, tickets, _LOAD, searched=searched)
            with program(_command(port, workers), around) as server:
                url = f"http://127.0.0.1:{port}"
                wait_for(url, server)
                running = _running(url, _key_file(home), tickets, (server.pid, *store.processes))
                if searched:
                    running = replace(running, search=_search(running.list_request.headers))
                make_ready(running, self.counts, tickets, workers)
                yield running


def _command(port: int, workers: int) -> list[str]:
    listening = f"--bind=tcp://127.0.0.1:{port}"
    return ["puma", "--environment=production", listening, f"--workers={workers}", f"--threads={_THREADS}", "--preload"]


@contextmanager
def _instance(home: Path, engine: Engine, store: Sqlite | Postgres) -> Iterator[Surroundings]:
    """A folder that Debian's Redmine takes for an instance, known to it by a link for as long as it is wanted."""
    folder = home / "instance"
    for part in ("config", "files", "log", "public/plugin_assets", "tmp/cache"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    if isinstance(store, Sqlite):
        database = _SQLITE.format(file=store.file, threads=_THREADS)
    else:
        database = _POSTGRES.format(port=store.port, owner=OWNER, database=DATABASE, threads=_THREADS)
    (folder / "config/database.yml").write_text(database, "utf-8")
    (folder / "config/secret_key.txt").write_text(secrets.token_hex(64), "utf-8")
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, _USER, _USER)
    link = _INSTANCES / f"keesa-bench-{engine}"
    link.unlink(missing_ok=True)
    link.symlink_to(folder)
    settings = {"REDMINE_INSTANCE": link.name, "RAILS_ENV": "production", "HOME": str(folder / "tmp")}
    try:
        yield Surroundings(home / "redmine.log", _USER, _CODE, settings)
    finally:
        link.unlink()


def _make(store: Sqlite | Postgres, home: Path, around: Surroundings) -> None:
    store.begin()
    script = home / "instance/tmp/settle.rb"
    script.write_text(_SETTLE, "utf-8")
    more = {
        "REDMINE_LANG": "en",
        "SCHEMA": str(home / "instance/tmp/schema.rb"),
        "KEY_FILE": str(_key_file(home)),
    }
    making = replace(around, environment={**(around.environment or {}), **more})
    finish(["rake", "db:migrate"], making)
    finish(["rake", "redmine:load_default_data"], making)
    finish(["ruby", "bin/rails", "runner", str(script)], making)
    store.keep()


def _key_file(home: Path) -> Path:
    return home / "instance/files/api_key"


def _running(url: str, key_file: Path, tickets: int, processes: tuple[int, ...]) -> Running:
    headers = {"X-Redmine-API-Key": key_file.read_text("utf-8"), "Accept": "application/json"}
    ticket = {
        "project_id": "support",
        "subject": "The scanner does not answer",
        "description": "It was silent since this morning, and a restart did not help.",
    }
    return Running(
        url,
        Request("GET", f"/issues.json?project_id=support&status_id=*&sort=id:desc&limit={LIST_SIZE}", headers),
        [Request("GET", f"/issues/{number}.json", headers) for number in some_of(tickets)],
        Request("POST", "/issues.json", headers | {"Content-Type": "application/json"}, json_body({"issue": ticket})),
        processes,
    )


def _search(headers: Mapping[str, str]) -> Search:
    """Of its own search, in all that tickets say; which looks through them, having no index of words."""
    path = f"/search.json?issues=1&limit={LIST_SIZE}&q="
    return Search({each.kind: Request("GET", path + quote(each.text), headers) for each in QUESTIONS}, _hits)


def _hits(answer: bytes) -> Hits:
    found = read_json(answer)
    return Hits([each["id"] for each in found["results"]], found["total_count"])
