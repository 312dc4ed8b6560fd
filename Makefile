# `make up` plays, `make test` tests; both make the environment first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made-from-requirements
PACKAGES := mcp_servers harness runtime viewer evals scripts

.PHONY: env up test lint clients compile bench fuzz

env: $(STAMP)

$(STAMP): requirements.txt pyproject.toml scripts/install.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Python 3.11 or newer is needed: install it, or name it with make PYTHON=/path/to/python3."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python's venv module is needed: on Debian, apt install python3-venv."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what Claudetorio needs into $(VENV), which takes a minute or two:"
	@$(BIN)/python scripts/install.py
	@touch $@

up: env
	@$(BIN)/claudetorio up

test: env lint
	@$(BIN)/python -m pytest -n 2 --dist loadfile

lint: env
	@$(BIN)/ruff check $(PACKAGES) tests
	@$(BIN)/mypy

# MCP clients that need Node, for `make test`; without them it leaves out the tests that run them.
CLIENTS := $(VENV)/clients
clients: $(CLIENTS)/.made

$(CLIENTS)/.made: tests/clients/package.json $(STAMP)
	@command -v npm >/dev/null || { echo "npm is needed: on Debian, apt install npm."; exit 1; }
	@mkdir -p $(CLIENTS) && cp tests/clients/package.json $(CLIENTS)
	@npm install --prefix $(CLIENTS) --no-package-lock --no-audit --no-fund --loglevel error
	@touch $@

compile: env
	@$(BIN)/python scripts/compile.py

bench: env
	@for name in start sim render; do $(BIN)/claudetorio bench $$name --json || exit 1; done

# make fuzz SECONDS=600: what a world must survive; SEED=n repeats a run.
SECONDS := 60
fuzz: env
	@$(BIN)/python -m tests.fuzz --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

# Contact sheets of all art, in build/gallery.
gallery: env
	@$(BIN)/python -m viewer.gallery
