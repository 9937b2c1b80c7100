# GNU make 3.81 (macOS) and later.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Some machines set it; every worker of the tests and every command they start would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

# As in production, so that Django's own deployment checks speak; nothing listens at these addresses.
PRODUCTION := env -u DEBUG -u DEMO \
  SECRET_KEY=not-a-secret-only-for-checks-0123456789-abcdefghijklmnopqrstuvwxyz \
  SITE_URL=https://orders.shop.example SUPPORT_EMAIL=help@shop.example EMAIL_URL=smtp+tls://mail.shop.example:587 \
  DATABASE_URL=postgresql://backorders@127.0.0.1:1/backorders REDIS_URL=redis://127.0.0.1:1/0

.PHONY: help install demo demo-reset test faults hosts fuzz lint messages bench bench-desk screenshots docs-pictures a11y lighthouse lock

help:
	@echo "make demo        run the whole product on this machine (PORT=8000)"
	@echo "make demo-reset  the same, starting over"
	@echo "make test        the tests, without the browser's: $(BIN)/python -m pytest -m browser runs those"
	@echo "make faults      the kill run: everything is killed and frozen at random, and no email is lost (SECONDS_OF_FAULTS=90 SEED=1)"
	@echo "make hosts       two web and two worker hosts, database, broker and proxy, each failing in turn: needs root, Linux and Caddy (SECONDS_OF_FAULTS=120 SEED=1)"
	@echo "make fuzz        more than ten thousand inputs that nobody should send, to everything that takes any (SEED=1 TIMES=1)"
	@echo "make lint        style, types, import direction, settings, migrations"
	@echo "make messages    bring the translations in locale/ up to date with the sources, and compile them"
	@echo "make bench       how fast it is, into docs/performance.md: ten minutes (FULL=1: queues of a million, an hour; ONLY=place,mail)"
	@echo "make bench-desk  how long every page of the desk takes over long queues (LINES=100000 PRODUCTS=1)"
	@echo "make screenshots pictures of every page in every state: phone, desktop, light, dark, all languages (ONLY=name,name)"
	@echo "make docs-pictures  the few pictures under docs/screenshots"
	@echo "make a11y        axe-core on every page in every state, language, theme and width, and on the desk (ONLY=name,name)"
	@echo "make lighthouse  Lighthouse on a status page, as on a phone: needs npm"
	@echo "make install     only create $(VENV)"
	@echo "make lock        resolve pyproject.toml anew into requirements.lock"

install: $(VENV)/installed

$(VENV)/installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or later is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot create virtual environments. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing what requirements.lock names into $(VENV) (once, about a minute) ..."
	@set -o pipefail; $(BIN)/python -m pip install --disable-pip-version-check --no-input --progress-bar off \
	  --require-hashes --requirement requirements.lock | awk \
	  -v all="$$(grep -c == requirements.lock)" \
	  '/^(Collecting|Requirement already)/ { if (++n % 10 == 0) { print "  " n " of " all; fflush() } } \
	   /^Installing/ { print "  unpacking ..."; fflush() }'
	@touch $@

demo: install
	@$(BIN)/python -m backorders_site.demo.supervisor

demo-reset: install
	@$(BIN)/python -m backorders_site.demo.supervisor --reset

test: install
	$(BIN)/python -m pytest -n 2 -m "not browser and not faults and not fuzz"

faults: install
	$(if $(SECONDS_OF_FAULTS),KILL_RUN_SECONDS=$(SECONDS_OF_FAULTS)) $(if $(SEED),KILL_RUN_SEED=$(SEED)) \
	  $(BIN)/python -m pytest -m faults -s

hosts: install
	$(BIN)/python -m tests.faults.hosts $(if $(SECONDS_OF_FAULTS),--seconds $(SECONDS_OF_FAULTS)) $(if $(SEED),--seed $(SEED))

fuzz: install
	$(if $(SEED),FUZZ_SEED=$(SEED)) $(if $(TIMES),FUZZ_TIMES=$(TIMES)) $(BIN)/python -m pytest -n 2 -m fuzz

lint: install
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/djlint --lint --quiet templates
	$(PRODUCTION) $(BIN)/mypy .
	$(BIN)/lint-imports
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(PRODUCTION) $(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

messages: install
	$(PRODUCTION) $(BIN)/python manage.py translations

bench: install
	$(BIN)/python -m benchmarks $(if $(FULL),--full) $(if $(ONLY),--only $(ONLY))

bench-desk: install
	$(BIN)/python -m benchmarks.desk $(if $(LINES),--lines $(LINES)) $(if $(PRODUCTS),--products $(PRODUCTS))

SCREENSHOTS ?= .local/screenshots

screenshots: install
	@SCREENSHOTS=$(SCREENSHOTS) $(BIN)/python -m pytest tests/browser/screenshots.py
	@echo "Look at them: $(SCREENSHOTS)/index.html"

docs-pictures: install
	@$(BIN)/python -m pytest tests/browser/docs_pictures.py

a11y: install
	EVERY_LOOK=1 $(BIN)/python -m pytest tests/browser/test_every_state.py tests/browser/test_every_desk_page.py -k everyone

lighthouse: install
	@command -v npx >/dev/null || { echo "npx is needed. On Debian and Ubuntu: apt install npm"; exit 1; }
	@$(BIN)/python -m pytest tests/browser/lighthouse.py; status=$$?; cat .local/lighthouse/figures.json; exit $$status

lock: install
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --group dev --generate-hashes \
	  --no-annotate --no-header --output-file requirements.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --python-platform linux --python-version 3.11 --generate-hashes --constraint requirements.lock \
	  --no-annotate --no-header --output-file deploy/requirements.lock pyproject.toml
