# Two commands do all the set-up: `make demo` runs Keesa, `make test` tests it. Both need Python 3.11 and nothing else.
# What runs for long is a command without a shell around it (`env` sets its variables): make passes a SIGTERM to its
# child alone, and a shell would die of it and leave the server behind.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
DEMO := var/demo
# pip alone decides where packages come from: no file here names an index
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo setup test soak bench fleet point-in-time container lint lint-peers format check lock clean

demo: setup
	env KEESA_LOG_FORMAT=$(or $(KEESA_LOG_FORMAT),text) $(BIN)/keesa serve --demo --data $(DEMO)

setup: .venv/.runtime

# One worker more than there are processors: tests often wait for a server or a program that they have started.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

# Python keeps what it has compiled, whatever the environment says: tests start hundreds of processes that import Keesa.
COMPILED := env PYTHONDONTWRITEBYTECODE=

test: .venv/.test
	$(BIN)/python tests/support/install_clients.py
	$(COMPILED) $(BIN)/pytest --numprocesses $(WORKERS) --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

# What can be tried without end, several times as often as in the suite: kills, stories, properties, made-up calls.
SOAKED = $(shell grep -lrE '^from (deterministic|soaking) import' tests --include='test_*.py')
soak: .venv/.test
	$(COMPILED) KEESA_TEST_SOAK=1 $(BIN)/pytest --numprocesses $(WORKERS) --maxprocesses 4 --dist loadfile $(or $(ARGS),$(SOAKED))

# Every measurement that docs/performance.md shows: `make bench ARGS="--peers --page"`, or a part of it: `make bench ARGS=--help`.
bench: .venv/.test
	env PYTHONPATH=tests/support $(BIN)/python -m bench $(ARGS)

# The three machines of docs/fleet.md on loopback, put to faults: as root, on Debian 12, whose packages it installs.
fleet: .venv/.test
	env PYTHONPATH=tests/support:. $(BIN)/python -m deploy.fleet.trial $(ARGS)

# PostgreSQL with the files of docs/point-in-time.md on loopback, lost and restored: as root, on Debian 12, too.
point-in-time: .venv/.test
	env PYTHONPATH=tests/support:. $(BIN)/python -m deploy.point_in_time $(ARGS)

# The image of deploy/Containerfile, built and run: as root, on Debian 12, too.
container: .venv/.test
	env PYTHONPATH=tests/support:. $(BIN)/python -m deploy.container $(ARGS)

lint: .venv/.test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# The other ticket systems that benchmarks start: whoever changes Keesa need not mend them.
PEERS := bench/peers
lint-peers: .venv/.test
	$(BIN)/ruff check $(PEERS)
	$(BIN)/ruff format --check $(PEERS)
	$(BIN)/mypy $(wildcard $(PEERS)/*.py)

format: .venv/.test
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

check: lint test

# Every version with its hashes, and without a word of the index that they came from.
lock: .venv/.test
	$(BIN)/uv pip compile pyproject.toml --extra build --extra heic $(LOCK) --output-file requirements.lock
	$(BIN)/uv pip compile pyproject.toml --all-extras $(LOCK) --constraint requirements.lock --output-file requirements-test.lock
	$(BIN)/uv pip compile tests/clients/python/requirements.in $(LOCK) --output-file tests/clients/python/requirements.lock

LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header $(UPGRADE)

IS_NEW := 'import sys; sys.exit(sys.version_info < (3, 11))'

.venv/bin/python:
	@$(PYTHON) -c $(IS_NEW) || { echo "Keesa needs Python 3.11 or later, and $(PYTHON) is older: make PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.runtime: .venv/bin/python requirements.lock pyproject.toml
	@$(BIN)/python -c $(IS_NEW) || { echo ".venv was made with a Python older than 3.11: run make clean" >&2; exit 1; }
	$(PIP) install --require-hashes --requirement requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.test: .venv/.runtime requirements-test.lock
	$(PIP) install --require-hashes --requirement requirements-test.lock
	@touch $@

clean:
	rm -rf .venv var build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis tests/clients/node/node_modules tests/clients/python/.venv
