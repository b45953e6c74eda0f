"""Every metric that there is: its name, its kind, its labels, and what it tells. docs/operations.md has the table."""

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["counter", "gauge", "histogram"]
Engine = Literal["sqlite", "postgres"]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric, with a series for each combination of its labels' values; `engine` is the one that alone has it."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    engine: Engine | None = None


# counted with each request

REQUESTS: Final = Family(
    "keesa_http_requests_total",
    "counter",
    "Requests that have ended, by route, method, version that answered and status.",
    ("route", "method", "version", "status"),
)
SECONDS: Final = Family(
    "keesa_http_request_seconds",
    "histogram",
    "Seconds from a request's head to the end of its answer, without those that it waited for something to tell.",
    ("route", "method"),
)
IN_FLIGHT: Final = Family("keesa_http_requests_in_flight", "gauge", "Requests that are under way.")
CUT_OFF: Final = Family(
    "keesa_http_answers_cut_off_total",
    "counter",
    "Answers that did not come to their end: the client has gone, was too slow, or we failed.",
)
LOGINS: Final = Family(
    "keesa_logins_total",
    "counter",
    "Logins by outcome: ok, failed (401), limited (429: too many have failed before, or there were too many).",
    ("outcome",),
)

# of the workers

WORKERS: Final = Family("keesa_workers", "gauge", "Worker processes that are there.")
ENDS: Final = Family("keesa_worker_ends_total", "counter", "Worker processes that have died, and were replaced.")
CONNECTIONS: Final = Family("keesa_connections", "gauge", "Connections of clients that are open.")
CONNECTIONS_LIMIT: Final = Family("keesa_connections_limit", "gauge", "Connections that the workers hold at the most.")
BODIES: Final = Family("keesa_bodies_bytes", "gauge", "Bytes of bodies of requests that are held.")
UNFETCHED: Final = Family("keesa_unfetched_bytes", "gauge", "Bytes of answers that clients have not fetched.")
LAG: Final = Family(
    "keesa_event_loop_lag_seconds", "gauge", "By how much the latest worker was late for what it does each second."
)
THREAD_CALLS: Final = Family(
    "keesa_thread_calls", "gauge", "Logins and the like, by whether they have a thread or wait for one.", ("state",)
)
CONVERSIONS: Final = Family("keesa_conversions", "gauge", "Long texts that are cleaned, or wait for it.")
LIST_BYTES: Final = Family("keesa_list_bytes", "gauge", "Bytes of long lists that are put together.")
CACHE_ENTRIES: Final = Family("keesa_cache_entries", "gauge", "What the workers' caches hold.", ("cache",))
CACHE_BYTES: Final = Family("keesa_cache_bytes", "gauge", "Bytes of it, where they are counted.", ("cache",))
CACHE_HITS: Final = Family("keesa_cache_hits_total", "counter", "What was asked for and was there.", ("cache",))
CACHE_MISSES: Final = Family(
    "keesa_cache_misses_total", "counter", "What was asked for and had to be made.", ("cache",)
)
RATE_SUBJECTS: Final = Family(
    "keesa_rate_subjects", "gauge", "Users, tokens and addresses whose requests the workers count."
)
RATE_REFUSALS: Final = Family(
    "keesa_rate_refusals_total", "counter", "Requests that were one too many (429), by whose they were.", ("subject",)
)
RATE_SHARES: Final = Family(
    "keesa_rate_shares_total", "counter", "Shares of a rate that the workers asked the database for."
)
RATE_SHARES_MISSED: Final = Family(
    "keesa_rate_shares_missed_total", "counter", "Of them, those that did not come: the worker went on by itself."
)
WAITING: Final = Family(
    "keesa_database_waiting",
    "gauge",
    "Works that wait: on SQLite for the one writer, on PostgreSQL for a connection.",
)
LONG_READS: Final = Family(
    "keesa_database_long_reads", "gauge", "Reads that take long, by whether they go on or wait for a place.", ("state",)
)
WRITES: Final = Family(
    "keesa_database_writes_total", "counter", "Writes that were handed to a commit.", engine="sqlite"
)
COMMITS: Final = Family("keesa_database_commits_total", "counter", "Groups of writes, a commit each.", engine="sqlite")
DATABASE_CONNECTIONS: Final = Family(
    "keesa_database_connections", "gauge", "Connections to PostgreSQL: busy or idle.", ("state",), engine="postgres"
)
JOB_ATTEMPTS: Final = Family(
    "keesa_job_attempts_total",
    "counter",
    "Attempts at jobs, by kind and outcome: done, failed (it is tried again), given_up.",
    ("kind", "outcome"),
)

# asked of the database

DATABASE_UP: Final = Family(
    "keesa_database_up", "gauge", "1 where the database told what is below in time; else that is missing."
)
SCHEMA: Final = Family("keesa_schema_version", "gauge", "The schema that the database has.")
MAINTENANCE: Final = Family("keesa_maintenance", "gauge", "1 while maintenance is on.")
SESSIONS: Final = Family("keesa_sessions", "gauge", "Sessions that have not ended, counted to 10,000.")
TICKETS: Final = Family(
    "keesa_tickets", "gauge", "Tickets that are not closed, by status, each counted to 10,000.", ("status",)
)
JOBS: Final = Family(
    "keesa_jobs",
    "gauge",
    "Jobs, by kind and whether they wait (or are being done) or were given up, each counted to 10,000.",
    ("kind", "state"),
)
JOBS_LATE: Final = Family(
    "keesa_jobs_late_seconds", "gauge", "For how long the first job of a kind has been due that nobody does.", ("kind",)
)
JOBS_REST: Final = Family(
    "keesa_jobs_rest",
    "gauge",
    "1 while no job of a kind is begun: it is paused, maintenance is on, or the desk does not send.",
    ("kind",),
)
DATABASE_BYTES: Final = Family("keesa_database_bytes", "gauge", "Of the data file, or of PostgreSQL's database.")
FREE_BYTES: Final = Family(
    "keesa_database_free_bytes", "gauge", "In free pages of the data file, which are used again.", engine="sqlite"
)
LOG_BYTES: Final = Family("keesa_database_log_bytes", "gauge", "In the log beside the data file.", engine="sqlite")
LOG_LIMIT: Final = Family(
    "keesa_database_log_limit_bytes", "gauge", "With such a log nothing more is written.", engine="sqlite"
)
DISK_BYTES: Final = Family("keesa_disk_bytes", "gauge", "Of the disk with the data file.", engine="sqlite")
DISK_FREE: Final = Family("keesa_disk_free_bytes", "gauge", "Of it, what Keesa may still take.", engine="sqlite")
TRANSACTION_AGE: Final = Family(
    "keesa_database_transaction_age",
    "gauge",
    "Transactions since the oldest that PostgreSQL remembers; writes stop at two milliards.",
    engine="postgres",
)
BACK_UP_TIME: Final = Family(
    "keesa_backup_timestamp_seconds",
    "gauge",
    "When the last good back-up was made, full or snapshot; none was where it is missing.",
    ("kind",),
)
BACK_UP_BYTES: Final = Family("keesa_backup_bytes", "gauge", "How large it is.", ("kind",))
BACK_UP_MISSING: Final = Family(
    "keesa_backup_missing_files", "gauge", "Pictures and files that were not there when it was made.", ("kind",)
)
SWEEP_TIME: Final = Family(
    "keesa_file_sweep_timestamp_seconds", "gauge", "When what nobody needs of pictures and files was last swept away."
)
SWEPT: Final = Family(
    "keesa_file_sweep_done",
    "gauge",
    "What that was: rows, files thrown into the bin, and files removed from it for good.",
    ("what",),
)
SEARCH_FILLING: Final = Family(
    "keesa_search_filling", "gauge", "1 while the search index is being filled after an upgrade, else 0."
)

SEARCH_PENDING: Final = Family(
    "keesa_search_pending", "gauge", "Rows of tickets' words that are looked at one by one, as they wait for the index."
)

FEED_HELD_BACK: Final = Family(
    "keesa_feed_held_back_seconds",
    "gauge",
    "Since when the oldest change that is committed waits to be told, as an older transaction is still open.",
)

# of the processes

BUILD: Final = Family(
    "keesa_build_info",
    "gauge",
    "1, with the version of Keesa and of Python, and the engine.",
    ("version", "python", "engine"),
)
CPU: Final = Family("process_cpu_seconds_total", "counter", "CPU that each worker has taken.", ("worker",))
RESIDENT: Final = Family("process_resident_memory_bytes", "gauge", "Memory that each worker has.", ("worker",))
VIRTUAL: Final = Family("process_virtual_memory_bytes", "gauge", "Addresses that each worker has.", ("worker",))
START_TIME: Final = Family("process_start_time_seconds", "gauge", "When each worker began.", ("worker",))
OPEN_FDS: Final = Family("process_open_fds", "gauge", "Files that each worker has open.", ("worker",))
MAX_FDS: Final = Family("process_max_fds", "gauge", "Files that each worker may open.", ("worker",))

FAMILIES: Final = tuple(each for each in globals().values() if isinstance(each, Family))
"""In the order in which they are shown."""
