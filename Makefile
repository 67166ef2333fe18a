# Every command of the project. In a fresh clone with Python 3.11 or newer, any of them may be the first one typed.

SHELL := /bin/bash
# The tests start the program hundreds of times: what Python compiles is kept, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help

# The first Python here that is new enough; another one: make test PYTHON=/path/to/python
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
VENDOR := src/kexiao/report/vendor/versions.json
PYTEST := $(BIN)/python -m pytest
# A file of tests stays on one worker, so what its tests share is made once; tests/conftest.py says which files come first.
PARALLEL := -n auto --dist loadfile --no-loadscope-reorder

.PHONY: help demo test test-all check fix bench kills faults connectors spark assets clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

demo: $(VENV)/.for-demo $(VENDOR) ## Compute the made-up company and open it in the browser (options: ARGS="--customers 5000")
	$(BIN)/kexiao demo $(ARGS)

test: check ## Check, then run every test but the slow ones (one Python, one DuckDB; under 20 minutes)
	$(PYTEST) $(PARALLEL) -m "not slow" $(ARGS)

test-all: check ## Check, then run every test; again on the second DuckDB line and on a second Python (under 45 minutes)
	$(PYTEST) $(PARALLEL) $(ARGS)
	@$(MAKE) --no-print-directory .second-duckdb .second-python

check: $(VENV)/.for-test $(VENDOR) ## Style, types, import order and the examples in docstrings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(PYTEST) --doctest-modules src/kexiao --ignore=src/kexiao/web

fix: $(VENV)/.for-test ## Put style right: import order, formatting, what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.for-test ## Measure the speed that the project claims, beside its rivals
	@for file in benchmarks/bench_*.py; do echo "== $$file"; $(BIN)/python $$file $(ARGS) || exit 1; done

kills: $(VENV)/.for-test ## Kill the program 1,000 times while it writes, and look whether anything is lost (hours; options: ARGS="--runs 100")
	$(BIN)/python benchmarks/faults.py kills --keep $(ARGS)

faults: $(VENV)/.for-test ## Fill and break the disk at 200 points, and look whether anything is lost (options: ARGS="--runs 40")
	$(BIN)/python benchmarks/faults.py faults --keep $(ARGS)

connectors: $(VENV)/.for-test ## Hold connected sources to the truth: 25 plans of a misbehaving system, killed at random (20 minutes; options: ARGS="--kills 8")
	$(BIN)/python benchmarks/campaign_connectors.py --write $(ARGS)

spark: .venv-spark/.made ## Bring a whole Spark 4 beside the project, for tests/engines (430 MB from PyPI; needs Java 17)

assets: ## Fetch ECharts and htmx anew at the versions of package-lock.json
	@rm -f $(VENDOR)
	@$(MAKE) --no-print-directory $(VENDOR)

clean: ## Remove what the other commands made: environments, assets, caches
	rm -rf $(VENV) .venv-* src/kexiao/report/vendor node_modules dist build
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .benchmarks
	find src tests tools benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- What the commands above need. Each is made once, and again when what it rests on changes.

$(VENV)/.for-demo: pyproject.toml tools/install.py
	@test -n "$(PYTHON)" || { echo "Kexiao needs Python 3.11 or newer: install it, or name it: make PYTHON=…"; exit 2; }
	@$(PYTHON) tools/install.py $(VENV) reports,web
	@touch $@

$(VENV)/.for-test: pyproject.toml tools/install.py
	@test -n "$(PYTHON)" || { echo "Kexiao needs Python 3.11 or newer: install it, or name it: make PYTHON=…"; exit 2; }
	@$(PYTHON) tools/install.py $(VENV) reports,web,spss,dev
	@touch $@ $(VENV)/.for-demo

$(VENDOR): package.json package-lock.json tools/assets.py | $(VENV)/.for-demo
	@$(BIN)/python tools/assets.py

# Spark itself, apart from the environment of the tests: its package and the client that the product uses do not live together.
.venv-spark/.made:
	@test -n "$(PYTHON)" || { echo "Kexiao needs Python 3.11 or newer: install it, or name it: make PYTHON=…"; exit 2; }
	@$(PYTHON) -m venv --clear .venv-spark && .venv-spark/bin/python -m pip install --quiet --no-deps --no-compile "pyspark>=4.0.1,<4.1"
	@touch $@

# ---- The second lines of make test-all. They run what depends on the engine and the language, not style, pages or systems outside;
# what random cases prove depends on the engine alone.

SECOND := $(PARALLEL) --ignore=tests/web --ignore=tests/sources/connectors --ignore=tests/engines/test_spark.py $(ARGS)
OTHER_PYTHON = $(shell $(BIN)/python tools/other_python.py)

.PHONY: .second-duckdb .second-python

# Models, charts and the texts of the documents ask no engine, so another DuckDB tells nothing about them.
NO_ENGINE := --ignore=tests/models --ignore=tests/test_every_model.py --ignore=tests/report/test_charts.py --ignore=tests/test_generated_docs.py

.second-duckdb: .venv-duckdb15/.for-test
	.venv-duckdb15/bin/python -m pytest $(SECOND) $(NO_ENGINE) -m "not slow and not browser"

.venv-duckdb15/.for-test: pyproject.toml tools/install.py
	@$(BIN)/python tools/install.py .venv-duckdb15 reports,web,spss,dev --also "duckdb<1.6"
	@touch $@

.second-python:
	@if [ -z "$(OTHER_PYTHON)" ]; then echo "No second Python on this machine: that line is left out."; else \
	$(MAKE) --no-print-directory .venv-python/.for-test && .venv-python/bin/python -m pytest $(SECOND) --ignore=tests/engines -m "not slow and not browser and not hypothesis"; fi

.venv-python/.for-test: pyproject.toml tools/install.py
	@$(OTHER_PYTHON) tools/install.py .venv-python reports,web,spss,dev
	@touch $@
