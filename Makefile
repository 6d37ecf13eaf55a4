# Everything a developer does, one word each. `make` alone lists the words.

PYTHON ?= python3
VENV ?= .venv
ARGS ?=

BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
KERNELS := $(VENV)/.kernels
PEERS := $(VENV)/.peers

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help install demo test check format containers bench-accuracy bench-ablation bench-scale bench-refresh bench-serving bench-ingestion freshness crash-proof feed-proof worker-proof lock clean

help: ## List these words
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install: $(KERNELS) ## Make .venv with everything in it (PYTHON=python3.12 chooses the interpreter)

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
		|| { echo "Braid needs Python 3.11, 3.12 or 3.13, and '$(PYTHON)' is not one: name it with 'make install PYTHON=python3.12'." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "'$(PYTHON)' cannot make virtual environments: on Debian, 'apt-get install python3-venv' adds what is missing." >&2; exit 1; }
	@rm -f $@
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e '.[train,dev]'
	@touch $@

$(KERNELS): $(INSTALLED) models/ranking/kernels.py models/ranking/feature_kernels.py models/recommenders/kernels.py models/similarity/nearest.py
	@rm -f $@
	$(BIN)/python -m models.ranking.kernels
	@touch $@

demo: install ## Install, load the sample data, train, and serve on 127.0.0.1:8000 (ARGS=--synthetic needs no network)
	$(BIN)/braid demo $(ARGS)

test: install ## Run every test; less than 90 % line coverage is a failure (ARGS='-k word' narrows)
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --cov --cov-fail-under=90 $(ARGS)

check: install ## Lint, format, types, import rules, docs/architecture.md against the contracts, and migrations against the tables
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/check_architecture.py
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT \
		&& export BRAID_DATABASE_URL="sqlite+aiosqlite:///$$folder/check.sqlite3" \
		&& $(BIN)/alembic upgrade head && $(BIN)/alembic check

format: install ## Format the code and mend what the linter can mend
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

containers: install ## Run by hand, in order, what the Dockerfile and the compose file run, trainer included
	$(BIN)/python scripts/containers_by_hand.py --trainer $(ARGS)

$(PEERS): $(INSTALLED)
	@rm -f $@
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e '.[train,dev,bench]'
	@touch $@

bench-accuracy: install $(PEERS) ## Measure Braid beside other recommenders (ARGS='FOLDER... --budget 60'; docs/benchmarks.md)
	$(BIN)/python -m benchmarks.accuracy $(or $(ARGS),movielens)

bench-ablation: install ## Switch each part of the recipe off in turn (ARGS='FOLDER --without ease,network'; docs/benchmarks.md)
	$(BIN)/python -m benchmarks.ablation $(or $(ARGS),movielens)

bench-scale: install ## Train on 100,000 to 10 million generated interactions (ARGS='--sizes 100000,1000000'; docs/benchmarks.md)
	$(BIN)/python -m benchmarks.scale $(ARGS)

bench-refresh: install ## Measure a light refresh beside a full run (ARGS=FOLDER; docs/training.md)
	$(BIN)/python -m benchmarks.refresh $(ARGS)

bench-serving: install ## Measure requests a second, latency and memory (ARGS='FOLDER', needs wrk; docs/performance.md)
	@command -v wrk >/dev/null || { echo "wrk is not installed: on Debian, 'apt-get install wrk' adds it" >&2; exit 1; }
	$(BIN)/python -m benchmarks.serving $(ARGS)

freshness: install ## Post to one server process and ask another, 1,000 times on each database (BRAID_FRESHNESS_COUNT=1000)
	BRAID_FRESHNESS_COUNT=$${BRAID_FRESHNESS_COUNT:-1000} $(BIN)/python -m pytest -q -s tests/end_to_end/test_freshness.py

worker-proof: install ## Kill the worker in each phase of a training job, and look for what is left over
	BRAID_WORKER_PHASES=all $(BIN)/python -m pytest -q -s tests/end_to_end/test_worker_killed.py

bench-ingestion: install ## Measure posts, batches, imports, and requests during an import (needs wrk and PostgreSQL)
	$(BIN)/python -m benchmarks.ingestion $(ARGS)

crash-proof: install ## Kill the server 20 times and PostgreSQL 10 times under load, and look for what is lost
	BRAID_CRASH_KILLS=$${BRAID_CRASH_KILLS:-20} BRAID_CRASH_STOPS=$${BRAID_CRASH_STOPS:-10} $(BIN)/python -m pytest -q -s tests/end_to_end/test_crashes.py

feed-proof: install ## Follow the change feed over 100,000 concurrent commits with random delays
	BRAID_FEED_COMMITS=$${BRAID_FEED_COMMITS:-100000} $(BIN)/python -m pytest -q -s tests/app/storage/test_feed_misses_nothing.py

lock: ## Write constraints.txt anew from pyproject.toml (ARGS=--upgrade takes newer versions)
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT \
		&& $(PYTHON) -m venv "$$folder" \
		&& "$$folder/bin/python" -m pip install --disable-pip-version-check --quiet uv \
		&& "$$folder/bin/uv" pip compile --universal --all-extras --no-emit-index-url --python-version 3.11 \
			pyproject.toml -o constraints.txt --custom-compile-command "make lock" $(ARGS)

clean: ## Remove .venv, caches and build output; the data under var/ stays
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.*
	find . -path ./var -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
