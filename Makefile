# The two commands are `make demo` and `make test`; the others are parts of them or for developers.
.DELETE_ON_ERROR:
SHELL := /bin/bash
PORT ?= 8000
# A shell may have it from another Django project.
unexport DJANGO_SETTINGS_MODULE
VENV := .venv
BIN := $(VENV)/bin
# The checkers of JavaScript and CSS; `npm ci` refuses a package that is not the one in package-lock.json.
INSTALLED_NODE := node_modules/.installed
# One lock for every Python and system, wheels only: building a package would resolve what it is built with.
LOCK := $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--only-binary :all: --emit-build-options --no-header --no-annotate $(UPGRADE)

# What SQLite and PostgreSQL do differently is in these.
ON_POSTGRESQL := $(addprefix tests/flow/test_, pacing.py leases.py calls.py vendor_trouble.py attempt_life.py \
	vendor_page.py spending.py database.py reuse.py keys.py request_ids.py throttling.py \
	alerts.py mail_faults.py four_eyes.py document_check.py invitation_files.py queue.py queue_pages.py \
	queue_rows.py take_next.py dashboard.py dashboard_history.py cache.py sealing.py \
	verify_trail.py verify_trail_hostile.py export_proofs.py export_background.py anchors.py reruns.py)

FLOW_1 := $(wildcard tests/flow/test_[a-n]*.py)
FLOW_2 := $(wildcard tests/flow/test_[o-z]*.py)

# Three at a time, on two cores: browsers and faults wait a good deal. Whichever is through makes room for the next, so
# the longest come first.
PARTS := browser browser-faults flow-2 flow-1 faults firefox postgresql unit

.PHONY: demo test $(PARTS:%=test-%) coverage check bench nightly mutants lock docs clean install install-dev

demo: install
	@exec $(BIN)/python manage.py demo --port $(PORT)

# Each part leaves its times in build/tests/.
PYTEST = $(BIN)/python -m pytest --junitxml=build/tests/$(@:test-%=%).xml

test: install-dev
	@tests/install_packages
	@rm -rf build/tests
	@failed=0; \
	$(IN_PARALLEL) -j2 demo-of-tests check || failed=1; \
	TESTS_DEMO=$(DEMO_OF_TESTS) $(IN_PARALLEL) -j3 $(PARTS:%=test-%) || failed=1; \
	exit $$failed
	@$(BIN)/python -m tests.slowest build/tests $(PARTS)

IN_PARALLEL = $(MAKE) --no-print-directory --keep-going --output-sync=target
# The three parts with a browser copy the data of this demo.
DEMO_OF_TESTS := $(CURDIR)/build/tests/demo

.PHONY: demo-of-tests
demo-of-tests:
	$(BIN)/python -m tests.browser.demo $(DEMO_OF_TESTS)

# A browser's event loop keeps Django from its database in the same process.
test-browser:
	$(PYTEST) tests/browser --ignore=tests/browser/faults

test-browser-faults:
	$(PYTEST) tests/browser/faults

test-firefox:
	$(PYTEST) tests/browser --browser firefox

test-faults:
	$(PYTEST) tests/faults

test-flow-1:
	$(PYTEST) $(FLOW_1)

test-flow-2:
	$(PYTEST) $(FLOW_2)

test-unit:
	$(PYTEST) tests/unit tests/contract tests/catalogue

test-postgresql:
	$(BIN)/python -m tests.on_postgresql --junitxml=build/tests/postgresql.xml $(ON_POSTGRESQL)

# Lines and branches that no test reaches. Not in every run: counting them takes half as long again.
coverage: install-dev
	@tests/install_packages
	$(BIN)/python -m pytest tests/unit tests/contract tests/catalogue tests/flow --cov

# Every check runs, so that one run shows all there is to mend.
check: install-dev $(INSTALLED_NODE)
	@$(BIN)/python -m tests.checks

# Tables here, figures in build/bench/; a missed target fails. `make bench ONLY=client` runs one alone.
bench: install-dev
	@tests/install_packages ffmpeg
	@$(BIN)/python -m tests.bench $(ONLY)

# Too slow for every run: what shows only after hours or thousands of repetitions.
nightly: install-dev
	@tests/install_packages libreoffice-calc-nogui:soffice
	$(BIN)/python -m pytest tests/nightly

# Does a test fail when the code is wrong? Table and survivors here, everything in build/mutants.json.
# `make mutants ONLY=links` tries one part alone.
mutants: install-dev
	@$(BIN)/python -m tests.mutants $(ONLY)

docs: install-dev
	@KYC_MODE=demo $(BIN)/python manage.py write_docs

# After a change to pyproject.toml: adds what is new and keeps every other version. UPGRADE=--upgrade takes newer ones.
lock: install-dev
	$(LOCK) --extra dev pyproject.toml -o requirements/dev.txt
	$(LOCK) pyproject.toml -c requirements/dev.txt -o requirements/run.txt
	echo uv | $(LOCK) - -c requirements/dev.txt -o requirements/uv.txt

clean:
	rm -rf $(VENV) node_modules build var
	@! grep -qsx KYC_MODE=demo .env || rm .env

# Nothing is resolved here: docs/adr/0015. Both end at once when there is nothing to do.
install:
	@requirements/install run

install-dev:
	@requirements/install dev

# Node.js brings its own certificate authorities; a company's proxy is known to the system's alone.
$(INSTALLED_NODE): package-lock.json .npmrc | install-dev
	NODE_USE_SYSTEM_CA=1 $(BIN)/npm ci --include=dev --loglevel=error
	@touch $@
