# Everything a developer does, one word each. `make` alone lists the words.

PYTHON ?= python3
VENV ?= .venv
ARGS ?=

BIN := $(VENV)/bin
RUNNABLE := $(VENV)/.runnable
INSTALLED := $(VENV)/.installed
KERNELS := $(VENV)/.kernels
PEERS := $(VENV)/.peers

# Where this is set, each of the hundreds of processes of the tests compiles every module anew: seconds for each.
export PYTHONDONTWRITEBYTECODE :=

# The locked set, into VENV, whatever else is active. What the build group has put there stays (--inexact).
SYNC = UV_PROJECT_ENVIRONMENT=$(abspath $(VENV)) $(BIN)/uv sync --locked --inexact --python $(BIN)/python
TOOLS = -m pip install --disable-pip-version-check --quiet --require-hashes -r requirements-build.txt
# The data of the tests are tiny: threads that wait for one another in loops take processor time from other tests.
PYTEST = OMP_WAIT_POLICY=passive OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 3 --dist worksteal
# From Python 3.12 on the interpreter reports the lines that run, in greenlets as well. Before, a tracer follows each one.
COUNTED = $(BIN)/python -c 'import sys; print("COVERAGE_CORE=sysmon COVERAGE_GREENLET=thread" * (sys.version_info >= (3, 12)))'

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help install demo test test-slow check format openapi reference guide clients test-clients images bench-accuracy bench-ablation bench-newcomers bench-sampled bench-scale bench-refresh bench-serving bench-ingestion bench-replay bench-vectors bench-places bench-search freshness crash-proof feed-proof worker-proof fuzz soak lock audit sbom clean

help: ## List these words
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install: $(INSTALLED) $(KERNELS) ## Make .venv with everything in it (PYTHON=python3.12 chooses the interpreter)

$(RUNNABLE): pyproject.toml uv.lock requirements-build.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
		|| { echo "Braid needs Python 3.11, 3.12 or 3.13, and '$(PYTHON)' is not one: name it with 'make install PYTHON=python3.12'." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "'$(PYTHON)' cannot make virtual environments: on Debian, 'apt-get install python3-venv' adds what is missing." >&2; exit 1; }
	@rm -f $@ $(INSTALLED)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(TOOLS)
	$(SYNC) --extra train
	@touch $@

$(INSTALLED): $(RUNNABLE)
	$(SYNC) --extra train --extra dev --group docs
	@touch $@

$(KERNELS): $(RUNNABLE) models/arrays/compiled.py models/arrays/dense.py models/arrays/kernels.py models/ranking/kernels.py models/ranking/feature_kernels.py models/recommenders/kernels.py models/similarity/nearest.py
	@rm -f $@
	$(BIN)/python -m models.ranking.compile_kernels
	@touch $@

demo: ## Install what it needs, load the sample data, train, and serve on 127.0.0.1:8000 (ARGS=--synthetic generates the data)
	@test -e $(RUNNABLE) || printf '%s\n' \
		"The first demo takes about five minutes on two cores, later ones start within seconds:" \
		"1. Install Braid and what it needs to train and serve in $(VENV): 580 MB to download, 2,200 MB on the disk; one to three minutes." \
		"2. Compile the numeric kernels: half a minute." \
		"3. Load the sample data (5 MB to download, nothing with ARGS=--synthetic), train on it, and serve: two minutes."
	@$(MAKE) --no-print-directory $(KERNELS)
	$(BIN)/braid demo $(ARGS)

test: install ## Run the tests; less than 90 % line coverage is a failure (ARGS='-k word' narrows)
	env $$($(COUNTED)) $(PYTEST) -m 'not slow' --cov --cov-fail-under=90 $(ARGS)

test-slow: install ## Run what make test leaves out, in its short form: crashes and benchmarks
	$(PYTEST) -m slow $(ARGS)

check: install ## Lint, format, security rules, types, import rules, docs/architecture.md against the contracts, and migrations against the tables
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive app models benchmarks migrations scripts clients/python/src examples
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/check_architecture.py
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT \
		&& export BRAID_DATABASE_URL="sqlite+aiosqlite:///$$folder/check.sqlite3" \
		&& $(BIN)/alembic upgrade head && $(BIN)/alembic check

format: install ## Format the code and mend what the linter can mend
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

openapi: install ## Write docs/openapi.json, the description of the HTTP interface
	$(BIN)/python scripts/write_openapi.py docs/openapi.json

reference: install ## Write docs/reference and the figures of docs/explanation from the code
	$(BIN)/python scripts/write_reference.py
	$(BIN)/python scripts/draw_figures.py

guide: install ## Build the site of the documentation, which the server shows at /guide
	$(BIN)/python scripts/build_guide.py

NODE_PACKAGES := clients/node_modules/.package-lock.json
$(NODE_PACKAGES): clients/package.json clients/package-lock.json
	@command -v npm >/dev/null || { echo "npm is not installed: the TypeScript client and the browser snippet need Node 20 or later" >&2; exit 1; }
	npm --prefix clients ci --no-audit --no-fund

clients: install $(NODE_PACKAGES) ## Write what the clients have of docs/openapi.json, and the minified browser snippet (needs npm)
	$(BIN)/python scripts/write_python_client.py
	npm --prefix clients run generate
	npm --prefix clients run build
	npm --prefix clients run minify

test-clients: install $(NODE_PACKAGES) ## Test the clients and the sample shop, the slow tests too (needs npm and chromium; docs/clients.md)
	$(BIN)/python -m pytest -q tests/clients tests/examples tests/end_to_end/test_sample_shop.py $(ARGS)

images: ## Build both images with buildah, run Braid from them and print their sizes (as root; ARGS=--api-only)
	$(PYTHON) scripts/images.py $(ARGS)

$(PEERS): $(INSTALLED)
	@rm -f $@
	$(SYNC) --extra train --extra dev --extra bench
	@touch $@

bench-accuracy: install $(PEERS) ## Measure Braid beside other recommenders (ARGS='FOLDER... --budget 60'; docs/benchmarks.md)
	$(BIN)/python -m benchmarks.accuracy $(or $(ARGS),movielens)

bench-sampled: install ## Rank one test item of each user among 99 random ones (ARGS='FOLDER --http 1000'; docs/accuracy.md)
	$(BIN)/python -m benchmarks.sampled_negatives $(or $(ARGS),movielens)

bench-newcomers: install ## Measure new users with and without their attributes, on a generated log (docs/accuracy.md)
	$(BIN)/python -m benchmarks.newcomers $(ARGS)

bench-ablation: install ## Switch each part of the recipe off in turn (ARGS='FOLDER --without ease,network'; docs/benchmarks.md)
	$(BIN)/python -m benchmarks.ablation $(or $(ARGS),movielens)

bench-scale: install ## Train on 100,000 to 10 million generated interactions (ARGS='--sizes 100000,1000000'; docs/benchmarks.md)
	$(BIN)/python -m benchmarks.scale $(ARGS)

bench-refresh: install ## Measure a light refresh beside a full run (ARGS=FOLDER; docs/training.md)
	$(BIN)/python -m benchmarks.refresh $(ARGS)

bench-serving: install ## Measure requests a second, latency and memory (ARGS='FOLDER', needs wrk; docs/performance.md)
	@command -v wrk >/dev/null || { echo "wrk is not installed: on Debian, 'apt-get install wrk' adds it" >&2; exit 1; }
	$(BIN)/python -m benchmarks.serving $(ARGS)

bench-vectors: install ## Measure similar items of 100,000 vectors over HTTP (ARGS='--items 100000'; docs/performance.md)
	$(BIN)/python -m benchmarks.vectors $(ARGS)

bench-places: install ## Measure fields, similar items for users, scenarios and pages of rows (ARGS=FOLDER; docs/performance.md)
	$(BIN)/python -m benchmarks.places $(ARGS)

bench-search: install ## Measure search over a million generated items (ARGS='--items 200000 --databases sqlite'; docs/performance.md)
	$(BIN)/python -m benchmarks.searching $(ARGS)

bench-replay: install ## Train on a log but for its last days, then ask and post them over HTTP (ARGS='FOLDER --days 28')
	$(BIN)/python -m benchmarks.replay $(ARGS)

freshness: install ## Post to one server process and ask another, 1,000 times on each database (BRAID_TEST_FRESHNESS_COUNT=1000)
	BRAID_TEST_FRESHNESS_COUNT=$${BRAID_TEST_FRESHNESS_COUNT:-1000} $(BIN)/python -m pytest -q -s tests/end_to_end/test_freshness.py

worker-proof: install ## Kill the worker in each phase of a training job, and look for what is left over
	BRAID_TEST_WORKER_PHASES=all $(BIN)/python -m pytest -q -s tests/end_to_end/test_worker_killed.py

bench-ingestion: install ## Measure posts, batches, imports, and requests during an import (needs wrk and PostgreSQL)
	$(BIN)/python -m benchmarks.ingestion $(ARGS)

fuzz: install ## Send cases that Schemathesis makes of the description to a server (ARGS='--cases 20000'; docs/reliability.md)
	$(BIN)/python -m benchmarks.fuzz $(ARGS)

soak: install ## Serve mixed load through swaps and restarts of PostgreSQL (ARGS='--minutes 30'; docs/reliability.md)
	$(BIN)/python -m benchmarks.soak $(ARGS)

crash-proof: install ## Kill the server 20 times and PostgreSQL 10 times under load, and look for what is lost
	BRAID_TEST_CRASH_KILLS=$${BRAID_TEST_CRASH_KILLS:-20} BRAID_TEST_CRASH_STOPS=$${BRAID_TEST_CRASH_STOPS:-10} $(BIN)/python -m pytest -q -s tests/end_to_end/test_crashes.py

feed-proof: install ## Follow the change feed over 100,000 concurrent commits with random delays
	BRAID_TEST_FEED_COMMITS=$${BRAID_TEST_FEED_COMMITS:-100000} $(BIN)/python -m pytest -q -s tests/app/storage/test_feed_misses_nothing.py

lock: ## Write uv.lock and requirements-build.txt anew from pyproject.toml (ARGS=--upgrade takes newer versions)
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT \
		&& $(PYTHON) -m venv "$$folder" \
		&& "$$folder/bin/python" $(TOOLS) \
		&& "$$folder/bin/uv" lock $(ARGS) \
		&& "$$folder/bin/uv" export --quiet --frozen --only-group build --no-emit-project --output-file requirements-build.txt >/dev/null

audit: install ## Look for known vulnerabilities of the locked packages, and say of which there are no data
	$(BIN)/python scripts/audit.py

sbom: install ## Write sbom.json: what the service installs, as CycloneDX (ARGS='--extra train' for the trainer)
	$(BIN)/uv export --quiet --locked --format cyclonedx1.5 --extra s3 $(ARGS) --output-file sbom.json >/dev/null

clean: ## Remove .venv, caches and build output; the data under var/ stays
	rm -rf $(VENV) .cache app/api/guide_site dist sbom.json .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.*
	find . -path ./var -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
