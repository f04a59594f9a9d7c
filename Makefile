# `make run` starts the service, `make test` runs the tests; each target installs what it needs, once.
# Requires Python 3.11 or newer with venv, make and bash. All else is installed into .venv, except for the servers and
# the Unicode data that the tests use: those are packages of the operating system.

PYTHON3 ?= python3

VENV := .venv
BIN := $(VENV)/bin
PYTHON := $(BIN)/python
RUNTIME := $(VENV)/.runtime
DEVELOPMENT := $(VENV)/.development
CLIENT := $(VENV)/.client
NODE := $(patsubst %,%/node_modules/.package-lock.json,tests/e2e/node tests/integration/asyncapi tests/ops/alerts/grammars clients/js clients/page tools/site)

PIP_INSTALL := $(PYTHON) -m pip install -qq --disable-pip-version-check --require-hashes --no-deps
COMPILE := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--only-binary :all: --emit-build-options --custom-compile-command 'make lock' pyproject.toml

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# pytest in WORKERS processes: one more than two cores, because tests also wait.
WORKERS ?= 3
# With loadfile, the test that ended a process is run again in its replacement: without a limit, for ever.
PYTEST := $(PYTHON) -m pytest --numprocesses $(WORKERS) --dist loadfile --max-worker-restart 3

# $(call step,Description,command): print the description, run the command, print the seconds that it took.
step = printf '%s ... ' '$(1)'; { $(2); }; printf '%s s\n' "$$SECONDS"

##@ Everyday use

.PHONY: run
run: $(RUNTIME) ## start the service on PORT (default 8000); stop it with Ctrl-C
	@exec $(PYTHON) -m service serve

.PHONY: install
install: $(RUNTIME) ## install the packages of the service into .venv, without starting it

.PHONY: test
test: servers lint $(NODE) ## run the linters and all tests (about twenty minutes)
	@HYPOTHESIS_PROFILE=ci $(PYTEST) $(PYTEST_ARGS)

.PHONY: observe
observe: $(DEVELOPMENT) ## run the demo: service, load, Prometheus, Alertmanager, dashboard previews
	@PYTHONPATH=clients/python/src exec $(PYTHON) -m tools.observe $(OBSERVE_ARGS)

.PHONY: verify
verify: $(RUNTIME) ## check a running deployment: make verify URL=https://... [VERIFY_ARGS=--slow]
	@$(if $(URL),,$(error URL is required: make verify URL=https://your-service.example))
	@exec $(PYTHON) -m service verify --url '$(URL)' $(VERIFY_ARGS)

.PHONY: help
help: ## print this list
	@awk 'BEGIN { FS = ":[^#]*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

##@ Development

.PHONY: check
check: lint ## run the linters and the unit tests (under a minute)
	@$(PYTEST) --quiet tests/unit $(PYTEST_ARGS)

.PHONY: lint
lint: $(DEVELOPMENT) ## check code style, types and import directions
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo

.PHONY: proof
proof: servers $(DEVELOPMENT) $(NODE) ## run the long tests and write docs/proof.md
	@HYPOTHESIS_PROFILE=nightly $(PYTHON) -m pytest -p tests.proof --timeout 3600 -o faulthandler_timeout=7200 -m "proof or hypothesis" $(PYTEST_ARGS)

.PHONY: servers
servers: ## install the servers and data that the tests use (Debian packages; as root or with sudo)
	@bash tests/servers.sh

.PHONY: fmt
fmt: $(DEVELOPMENT) ## format the code and apply automatic fixes
	@$(BIN)/ruff check --fix-only --quiet
	@$(BIN)/ruff format --quiet

.PHONY: generate
generate: $(NODE) ## write every generated file: make generate [GENERATE_ARGS=--check to fail on a stale one]
	@exec $(PYTHON) -m tools.generate $(GENERATE_ARGS)

.PHONY: docs
docs: $(DEVELOPMENT) tools/site/node_modules/.package-lock.json ## write the documentation site: site/index.html needs no server
	@NO_MKDOCS_2_WARNING=1 PYTHONPATH=. $(BIN)/mkdocs build --quiet
	@echo 'Open $(CURDIR)/site/index.html in a browser.'

.PHONY: bench
bench: $(DEVELOPMENT) ## run the benchmarks: make bench [BENCH_ARGS=...]
	@exec $(PYTHON) -m benchmarks $(BENCH_ARGS)

.PHONY: chaos
chaos: servers $(DEVELOPMENT) ## kill instances repeatedly and count what clients lose: make chaos [CHAOS_ARGS=...]
	@exec $(PYTHON) -m tests.e2e.chaos $(CHAOS_ARGS)

.PHONY: lock
lock: $(DEVELOPMENT) ## pin the dependencies of pyproject.toml: make lock [LOCK_ARGS=--upgrade]
	@$(call step,Locking,$(COMPILE) $(LOCK_ARGS) --output-file requirements/run.txt >/dev/null \
		&& $(COMPILE) $(LOCK_ARGS) --group dev --constraint requirements/run.txt --output-file requirements/dev.txt >/dev/null)

.PHONY: clean
clean: ## remove everything that make installed
	@rm -rf $(VENV) $(dir $(NODE)) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -prune -exec rm -rf {} +

# Installation. A stamp is newer than its lock if and only if the lock is installed.

$(PYTHON):
	@$(PYTHON3) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo 'Python 3.11 or newer is required, and "$(PYTHON3)" is not. Install it, or pass its path: make PYTHON3=/path/to/python3.11' >&2; exit 1; }
	@$(PYTHON3) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo '"$(PYTHON3)" cannot create virtual environments. On Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	@$(call step,Creating $(VENV),$(PYTHON3) -m venv $(VENV))

# The Python client is a package of this checkout: a path in site-packages makes it importable.
$(CLIENT): | $(PYTHON)
	@echo '$(CURDIR)/clients/python/src' >"$$($(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/streaming_content.pth"
	@touch $@

$(RUNTIME): requirements/run.txt | $(CLIENT)
	@$(call step,Installing the packages of the service (under half a minute),$(PIP_INSTALL) -r $<)
	@touch $@

$(DEVELOPMENT): requirements/dev.txt requirements/conformance.txt | $(CLIENT)
	@$(call step,Installing the packages for development (under a minute),$(PIP_INSTALL) $(addprefix -r ,$^))
	@touch $(RUNTIME) $@ # requirements/dev.txt includes requirements/run.txt

# npm writes this file last, so it is its own stamp. Node is one of the development packages.
$(NODE): %/node_modules/.package-lock.json: %/package-lock.json $(DEVELOPMENT)
	@$(call step,Installing the node packages of $*,PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix $* --silent --no-audit --no-fund)
	@touch $@
