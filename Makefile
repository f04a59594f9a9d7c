# Two commands are enough: `make run` serves, `make test` proves. Both set up what they need, once.
# Needs Python 3.11 or newer with venv, make and bash; everything else comes into .venv, but for the servers that the
# tests talk to and Unicode's data: those are the system's.

PYTHON3 ?= python3

VENV := .venv
BIN := $(VENV)/bin
PYTHON := $(BIN)/python
RUNTIME := $(VENV)/.runtime
DEVELOPMENT := $(VENV)/.development
NODE := $(patsubst %,%/node_modules/.package-lock.json,tests/e2e/node tests/integration/asyncapi clients/js clients/page)

PIP_INSTALL := $(PYTHON) -m pip install -qq --disable-pip-version-check --require-hashes --no-deps
COMPILE := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--only-binary :all: --emit-build-options --custom-compile-command 'make lock' pyproject.toml

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# $(call step,What is being done,command): says what it does, and how long it took.
step = printf '%s ... ' '$(1)'; { $(2); }; printf '%s s\n' "$$SECONDS"

##@ For everyone

.PHONY: run
run: $(RUNTIME) ## serve on PORT (8000 unless the environment or .env says otherwise); Ctrl-C ends it
	@exec $(PYTHON) -m service serve

.PHONY: test
test: servers lint $(NODE) ## everything that must hold: the checks and the whole suite
	@$(PYTHON) -m pytest $(PYTEST_ARGS)

.PHONY: observe
observe: $(DEVELOPMENT) ## watch it all on this machine: service, demo load, Prometheus, Alertmanager, previews
	@exec $(PYTHON) -m dashboards.live $(OBSERVE_ARGS)

.PHONY: verify
verify: $(RUNTIME) ## check a running deployment: make verify URL=https://... [VERIFY_ARGS=--slow]
	@$(if $(URL),,$(error Say what to verify: make verify URL=https://your-service.example))
	@exec $(PYTHON) -m service verify --url '$(URL)' $(VERIFY_ARGS)

.PHONY: help
help: ## this text
	@awk 'BEGIN { FS = ":[^#]*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

##@ For developers

.PHONY: servers
servers: ## install the servers and the data that the tests need, where missing (Debian's, as root or with sudo)
	@bash tests/servers.sh

.PHONY: check
check: lint ## the inner loop: the checks and the core's tests
	@$(PYTHON) -m pytest --quiet tests/unit $(PYTEST_ARGS)

.PHONY: lint
lint: $(DEVELOPMENT) ## ruff, mypy and the directions of imports
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo

.PHONY: fmt
fmt: $(DEVELOPMENT) ## mend format and what ruff can
	@$(BIN)/ruff check --fix-only --quiet
	@$(BIN)/ruff format --quiet

.PHONY: assets
assets: $(NODE) ## build the client and the page from clients/, into clients/js/dist and service/static
	@exec $(BIN)/node clients/build.mjs

.PHONY: bench
bench: $(DEVELOPMENT) ## measure against a bare FastAPI and against the floor: make bench [BENCH_ARGS=...]
	@exec $(PYTHON) -m benchmarks $(BENCH_ARGS)

.PHONY: chaos
chaos: servers $(DEVELOPMENT) ## kill -9 what serves, again and again, and count what clients lose: make chaos [CHAOS_ARGS=...]
	@exec $(PYTHON) -m tests.e2e.chaos $(CHAOS_ARGS)

.PHONY: lock
lock: $(DEVELOPMENT) ## pin what pyproject.toml asks for: make lock [LOCK_ARGS=--upgrade]
	@$(call step,Locking,$(COMPILE) $(LOCK_ARGS) --output-file requirements/run.txt >/dev/null \
		&& $(COMPILE) $(LOCK_ARGS) --group dev --constraint requirements/run.txt --output-file requirements/dev.txt >/dev/null)

.PHONY: clean
clean: ## take away all that was set up
	@rm -rf $(VENV) $(dir $(NODE)) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -prune -exec rm -rf {} +

# Setting up. A stamp is newer than its lock exactly when the lock is installed.

$(PYTHON):
	@$(PYTHON3) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo 'Python 3.11 or newer is needed, and "$(PYTHON3)" is not that. Install it, or say where it is: make PYTHON3=/path/to/python3.11' >&2; exit 1; }
	@$(PYTHON3) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo '"$(PYTHON3)" cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	@$(call step,Making $(VENV),$(PYTHON3) -m venv $(VENV))

$(RUNTIME): requirements/run.txt | $(PYTHON)
	@$(call step,Installing what the service needs (under half a minute),$(PIP_INSTALL) -r $<)
	@touch $@

$(DEVELOPMENT): requirements/dev.txt | $(PYTHON)
	@$(call step,Installing what development needs (under a minute),$(PIP_INSTALL) -r $<)
	@touch $(RUNTIME) $@ # the lock for development holds the whole of the other

# npm writes this file last: it is its own stamp. Node itself is one of the development packages.
$(NODE): %/node_modules/.package-lock.json: %/package-lock.json $(DEVELOPMENT)
	@$(call step,Installing what $* needs of node,PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix $* --silent --no-audit --no-fund)
	@touch $@
