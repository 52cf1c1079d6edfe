# Everything lives in .venv; nothing outside this folder is touched.
# `make run` runs everything with a demo, `make serve` a server alone with a live load, `make decide` decides from files,
# `make test` runs every test,
# `make soak` the long runs in full, `make check` lints and type-checks.

PYTHON ?= python3
BIN := .venv/bin
DATA := ../shared/data
RUN := .run
PORT ?= 8321

.PHONY: run serve decide test soak check bench docs lock texts install clean
.DEFAULT_GOAL := run

install: .venv/.installed .run/.assets .run/.catalogues

# Locked and hashed: the same versions everywhere. The package itself is built here, with its kernel where a C
# compiler is at hand.
.venv/.installed: requirements.lock pyproject.toml hatch_build.py src/aedile/engine/_kernel.c $(wildcard src/aedile/engine/_*.h)
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

# What pages load, built by Node; where there is none, a wheel has them built already.
ASSETS := $(shell find src/aedile/console/assets -type f)
.run/.assets: package-lock.json $(ASSETS)
	@mkdir -p $(RUN)
	@if command -v npm >/dev/null; then npm ci --no-audit --no-fund --loglevel=error && npm run --silent build && touch $@; \
	else echo "no Node here: the console's pages cannot be loaded from this checkout"; fi

.run/.catalogues: .venv/.installed $(wildcard src/aedile/console/*/locale/*/LC_MESSAGES/django.po)
	@mkdir -p $(RUN)
	$(BIN)/python -m tools.catalogues --compile
	@touch $@

# Read the console's texts anew into its catalogues.
texts: install
	$(BIN)/python -m tools.catalogues

run: install
	@mkdir -p -m 711 $(RUN)
	@$(BIN)/aedile up --demo --home $(RUN)/home --server-port $(PORT)

serve: install
	@mkdir -p -m 711 $(RUN)
	@$(BIN)/python examples/electronics/serve.py --run $(RUN)/server --data $(DATA) --port $(PORT)

decide: install
	@mkdir -p $(RUN)
	@DATA=$(DATA) RUN=$(RUN) PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/electronics/run.sh

test: install
	$(BIN)/python -m pytest -n 2 --dist worksteal

# Long runs whose figures are seconds, each alone on the machine; then the others; then the load, which needs wrk.
TIMED := tests/server/test_swaps.py tests/examples/test_serving.py tests/console/scale/test_effect.py
SOAK_REQUESTS ?= 3600000
soak: install
	@command -v wrk > /dev/null || { echo "make soak needs wrk; on Debian: apt-get install wrk" >&2; exit 1; }
	SOAK=1 $(BIN)/python -m pytest $(TIMED)
	SOAK=1 $(BIN)/python -m pytest -n 2 --dist worksteal tests/replay tests/server tests/store tests/intake \
		tests/console/scale tests/console/accounts/test_history_pages.py tests/console/browser/test_pictures.py \
		$(TIMED:%=--ignore=%)
	$(BIN)/python -m bench.serving.run --hold --soak $(SOAK_REQUESTS)

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install
	$(BIN)/python -m bench.run

docs: install
	$(BIN)/python -m docs.generate

# Everything, and from the same versions what a server needs. Locks name no host: they are the same wherever made.
lock:
	$(BIN)/uv pip compile --universal --all-extras --generate-hashes --no-header --no-annotate --quiet \
	  --python-version 3.11 pyproject.toml --output-file requirements.lock
	$(BIN)/uv pip compile --universal --extra server --generate-hashes --no-header --no-annotate --quiet \
	  --python-version 3.11 --constraint requirements.lock pyproject.toml --output-file deploy/server.lock

clean:
	rm -rf .venv build dist node_modules src/aedile/console/base/static/vendor $(RUN) src/aedile/engine/_kernel*.so
