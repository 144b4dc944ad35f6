# Everything there is to do with Dunlin. `make` lists it.
# The environment .venv is made from the hash-locked lists and made again only when they change.

PYTHON ?= python3
N ?= 50
m ?=
ARGS ?=
# Not pytest's own `auto`: it counts cores without their threads, which on many machines is one.
# One more than there are, for tests wait for processes, databases and browsers.
WORKERS ?= $(shell expr $$(nproc 2>/dev/null || echo 1) + 1)
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 8

BIN := .venv/bin
RUNTIME := .venv/.runtime
TOOLS := .venv/.tools
EVERYDAY := not slow and not browser and not prism and not postgres

.DEFAULT_GOAL := help
.PHONY: help tools demo serve test test-all stories check bench faults crashes mutants advisories sbom lock migration docs shots clean npm chromium

help:  ## list what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

tools: $(TOOLS)  ## set up .venv with everything for development

demo: $(RUNTIME)  ## a whole pretend world on this machine; ARGS="--headless --days 60 --json" runs it without a browser
	@$(BIN)/flask demo $(ARGS)

serve: $(RUNTIME)  ## the real thing, on SQLite unless DUNLIN_DATABASE_URL says otherwise
	@$(BIN)/flask serve $(ARGS)

test: $(TOOLS)  ## the everyday tests
	@$(PYTEST) -m "$(EVERYDAY)" $(ARGS)

test-all: $(TOOLS) npm chromium  ## all tests: also browser, Prism, PostgreSQL and the slow ones
	@$(PYTEST) -rs $(ARGS)

stories: $(TOOLS)  ## every story on PostgreSQL with four workers; ON=postgres with none
	@DUNLIN_TEST_HOME=$(or $(ON),workers) $(PYTEST) -W ignore::pytest.PytestUnraisableExceptionWarning tests/stories $(ARGS)

check: $(TOOLS)  ## format, lint, types, imports, sizes
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m tests.house.measures

bench: $(TOOLS)  ## the figures, side by side
	@$(BIN)/python -m bench $(ARGS)

faults: $(TOOLS)  ## the fault simulation: N runs, each from its own seed
	@$(BIN)/python -m tests.faults $(N)

crashes: $(TOOLS)  ## real processes killed: N times on SQLite, and N times on PostgreSQL with two processes
	@$(BIN)/python -m tests.crashes $(N)

mutants: $(TOOLS)  ## small faults put into what decides: do the tests of the core find them? (takes long, one process)
	@$(BIN)/python -m tests.mutants $(ARGS)

advisories: $(TOOLS)  ## are there known weaknesses in what runs? says so when nobody could be asked
	@$(BIN)/flask advisories

sbom: $(RUNTIME)  ## all that runs, with versions and hashes, as CycloneDX
	@$(BIN)/flask sbom

lock: $(TOOLS)  ## fix the versions and hashes of all dependencies anew
	@$(BIN)/python -m pip install --quiet --upgrade uv
	@cp requirements-dev.txt .venv/before.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade \
		--extra demo --extra dev --extra postgres pyproject.toml -o requirements-dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --upgrade \
		--extra demo --extra postgres -c requirements-dev.txt pyproject.toml -o requirements.txt
	@diff .venv/before.txt requirements-dev.txt | grep '^[<>] [a-z]' || echo "Nothing is newer."

migration: $(TOOLS)  ## write the next migration from the models: make migration m="what changed"
	@$(BIN)/python -m migrations.new "$(m)"

docs: $(TOOLS)  ## write docs/settings.md from settings.py
	@$(BIN)/python -c "import settings; print(settings.as_markdown(), end='')" > docs/settings.md

shots: $(TOOLS) chromium  ## take the screenshots for the docs
	@$(BIN)/python -m tests.browser.shots

clean:  ## remove the environment and all caches; var/ with your data stays
	rm -rf .venv node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# --- what the targets above stand on -------------------------------------------------------------------------------

# Says the one command that mends a Python that is missing, too old, or without its venv or pip.
$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) here. On Debian or Ubuntu: sudo apt-get install python3 python3-venv"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Dunlin needs Python 3.11 or newer, and $(PYTHON) is not. Name one that is: make PYTHON=python3.12 $(or $(MAKECMDGOALS),demo)"; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "This Python has no venv. On Debian or Ubuntu: sudo apt-get install $(notdir $(PYTHON))-venv"; exit 2; }
	@$(PYTHON) -m venv .venv

$(RUNTIME): requirements.txt | $(BIN)/python
	@[ -e $(TOOLS) ] && [ ! requirements-dev.txt -nt $(TOOLS) ] || { \
		echo "Setting up .venv (once)" >&2; \
		$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.txt; }
	@touch $@

$(TOOLS): requirements-dev.txt | $(BIN)/python
	@echo "Setting up .venv with the tools for development (once)" >&2
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $(RUNTIME) $@

# As root on Debian what is missing is installed; elsewhere the tests that need it are skipped and say so.
INSTALL = [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends

npm:
	@command -v npm >/dev/null || { $(INSTALL) npm >/dev/null; } || \
		echo "npm is missing: tests with Prism and axe will be skipped. On Debian or Ubuntu: sudo apt-get install npm"
	@[ ! -e package.json ] || ! command -v npm >/dev/null || [ node_modules/.package-lock.json -nt package-lock.json ] || { \
		npm ci --no-audit --no-fund --loglevel=error && touch node_modules/.package-lock.json; }

chromium:
	@command -v chromium >/dev/null || { $(INSTALL) chromium >/dev/null; } || \
		echo "Chromium is missing: tests in the browser will be skipped. On Debian or Ubuntu: sudo apt-get install chromium"
