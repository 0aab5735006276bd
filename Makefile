# Two commands do all the set-up: `make demo` shows what repro does, `make test` is the whole gate.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
# A worker for each core, four at most; what shares an engine stays with one of them (tests/conftest.py).
PYTEST_ARGS ?= -n auto --maxprocesses 4 --dist loadgroup

.PHONY: demo test lint types unit bench site lock reports clean

demo: $(VENV)/.installed
	$(RUN) -m lab.demo

test: lint types unit

lint: $(VENV)/.developing
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(VENV)/bin/vermin --quiet --no-tips --violations --target=3.7- repro/probe

types: $(VENV)/.developing
	$(RUN) -m mypy

unit: $(VENV)/.developing
	$(RUN) -m pytest $(PYTEST_ARGS)

bench: $(VENV)/.developing
	$(RUN) -m benchmarks.run

# The documentation as pages in build/site; tests/docs/test_site.py builds it too. With --quiet, --strict counts no warnings.
site: $(VENV)/.developing
	NO_MKDOCS_2_WARNING=1 $(RUN) -m mkdocs build --strict

# Rewrites the rendered samples, the pages about rules, commands and schemas, and what sessions in pages show; look at the difference before you commit it.
reports: $(VENV)/.developing
	REPRO_UPDATE_GOLDEN=1 $(RUN) -m pytest -q tests/report tests/test_readme.py tests/rules/test_pages.py \
	  tests/cli/test_pages.py tests/docs

lock: $(VENV)/.developing
	$(RUN) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url --no-annotate pyproject.toml -o requirements.lock
	$(RUN) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url --no-annotate --group dev pyproject.toml -o requirements-dev.lock
	$(RUN) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url --no-annotate --group pyproject.toml:build -o requirements-build.lock

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "repro needs Python 3.11 or newer: make PYTHON=python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "no virtual environments here: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.installed: $(VENV)/bin/python requirements.lock pyproject.toml
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.developing: $(VENV)/.installed requirements-dev.lock
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

clean:
	rm -rf $(VENV) demo-out dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
