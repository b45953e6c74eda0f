"""django-helpdesk from PyPI: an app that lives in a Django site, here the smallest its documentation asks for, served
by Gunicorn with one process a worker.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.engines import Engine
from bench.peers.asking import make_ready, wait_for
from bench.peers.installing import environment
from bench.peers.peer import LIST_SIZE, Running, json_body, read_json, some_of
from bench.peers.stores import DATABASE, OWNER, Postgres, Sqlite, fill, opened
from bench.programs import Surroundings, finish, free_port, program
from bench.wrk import Request

_VERSION: Final = "2.6.1"
_REQUIREMENTS: Final = (
    f"django-helpdesk=={_VERSION}",
    "Django==5.2.*",
    "gunicorn==27.*",
    "psycopg[binary]==3.3.*",
)

_SITE: Final = """
SECRET_KEY = {secret!r}
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
SITE_ID = 1
USE_TZ = True
TIME_ZONE = "UTC"
ROOT_URLCONF = "urls"
STATIC_URL = "/static/"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
DATABASES = {{"default": {database!r}}}
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
HELPDESK_ACTIVATE_API_ENDPOINT = True
HELPDESK_TEAMS_MODE_ENABLED = False
REST_FRAMEWORK = {{"DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"]}}
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.sites",
    "django.contrib.staticfiles",
    "helpdesk",
    "rest_framework",
    "rest_framework.authtoken",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {{
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        }},
    }}
]
"""
_URLS: Final = """
from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("admin/", admin.site.urls), path("helpdesk/", include("helpdesk.urls"))]
"""
_APPLICATION: Final = """
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
"""
_SETTLE: Final = """
import os
from pathlib import Path

import django

django.setup()
from django.contrib.auth.models import User
from helpdesk.models import Queue
from rest_framework.authtoken.models import Token

agent = User.objects.create(username="agent", email="agent@example.org", is_staff=True, is_superuser=True)
Queue.objects.create(title="Support", slug="support", email_address="support@example.org")
Path(os.environ["TOKEN_FILE"]).write_text(Token.objects.create(user=agent).key)
"""

_LOAD: Final = (
    """CREATE TEMPORARY TABLE base AS
       SELECT (SELECT id FROM helpdesk_queue WHERE slug = 'support') AS queue,
              (SELECT id FROM auth_user WHERE username = 'agent') AS agent""",
    "CREATE TEMPORARY TABLE written (k integer, content text)",
    """INSERT INTO written VALUES
       (1, 'Thank you, we look at it now. Which light does it show?'),
       (2, 'The same model failed last week: its cable was broken.'),
       (3, 'A red one. It went out when the cable was moved.')""",
    """INSERT INTO helpdesk_ticket (id, title, queue_id, created, modified, submitter_email, status, on_hold,
                                    description, priority, secret_key)
       SELECT n, 'Scanner ' || n || ' does not answer', queue, moment, moment,
              'customer' || (n % 5 + 1) || '@example.org', 1, false,
              'It was silent since this morning, and a restart did not help.', 3, 'secret-' || n
         FROM numbers, base""",
    """INSERT INTO helpdesk_followup (id, ticket_id, date, title, comment, public, user_id)
       SELECT 3 * (n - 1) + k, n, moment, 'Comment', content || CASE k WHEN 3 THEN besides ELSE '' END, true, agent
         FROM numbers, base, written""",
)


class DjangoHelpdesk:
    name = "django-helpdesk"
    version = _VERSION
    has_search = False  # its API has none, and that of its pages looks at no follow-ups
    remarks = (
        "For each list and each single ticket it reads every ticket there is, so their number decides its speed; the"
        " list cannot be sorted, and is of the oldest 20. Its tickets hold their notes, in lists as well."
    )

    def counts(self, answer: bytes) -> tuple[int, int]:
        found = read_json(answer)
        return len(found["results"]), found["count"]

    @contextmanager
    def serving(
        self,
        engine: Engine,
        tickets: int,
        workers: int,
        folder: Path,
        *,
        searched: bool = False,  # noqa: ARG002 - it has no search
    ) -> Iterator[Running]:
        made = folder / f"django_helpdesk-{_VERSION}"
        home, port = made / engine, free_port()
        programs = environment(made / "programs", _REQUIREMENTS)
        with opened(engine, home) as store:
            around = _site(home, store)
            if not store.made:
                _make(store, programs, around)
            fill(store, home, tickets, _LOAD, searched=False)
            command = [str(programs / "gunicorn"), f"--workers={workers}", f"--bind=127.0.0.1:{port}", "application"]
            with program(command, around) as server:
                url = f"http://127.0.0.1:{port}"
                wait_for(url, server)
                running = _running(url, home, tickets, (server.pid, *store.processes))
                make_ready(running, self.counts, tickets, workers)
                yield running


def _site(home: Path, store: Sqlite | Postgres) -> Surroundings:
    """The site's files; connections to PostgreSQL are kept, as Django's documentation advises."""
    database: dict[str, str | int | None] = {"ENGINE": "django.db.backends.sqlite3"}
    if isinstance(store, Sqlite):
        database["NAME"] = str(store.file)
    else:
        database = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": DATABASE,
            "HOST": "127.0.0.1",
            "PORT": store.port,
            "USER": OWNER,
            "CONN_MAX_AGE": None,
        }
    site = home / "site"
    site.mkdir(exist_ok=True)
    (site / "settings.py").write_text(_SITE.format(secret=secrets.token_hex(32), database=database), "utf-8")
    (site / "urls.py").write_text(_URLS, "utf-8")
    (site / "application.py").write_text(_APPLICATION, "utf-8")
    settings = {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(site), "TOKEN_FILE": str(_token_file(home))}
    return Surroundings(home / "site.log", folder=site, environment=settings)


def _make(store: Sqlite | Postgres, programs: Path, around: Surroundings) -> None:
    """Tables, the mails' templates, an agent and a queue."""
    store.begin()
    django = str(programs / "django-admin")
    finish([django, "migrate", "--verbosity=0"], around)
    finish([django, "loaddata", "emailtemplate.json"], around)
    finish([str(programs / "python"), "-c", _SETTLE], around)
    store.keep()


def _token_file(home: Path) -> Path:
    return home / "token"


def _running(url: str, home: Path, tickets: int, processes: tuple[int, ...]) -> Running:
    token = _token_file(home).read_text("utf-8")
    headers = {"Authorization": f"Token {token}", "Accept": "application/json"}
    ticket = {
        "queue": 1,
        "title": "The scanner does not answer",
        "description": "It was silent since this morning, and a restart did not help.",
        "priority": 3,
        "submitter_email": "customer1@example.org",
    }
    path = "/helpdesk/api/tickets/"
    return Running(
        url,
        Request("GET", f"{path}?page_size={LIST_SIZE}", headers),
        [Request("GET", f"{path}{number}/", headers) for number in some_of(tickets)],
        Request("POST", path, headers | {"Content-Type": "application/json"}, json_body(ticket)),
        processes,
    )
