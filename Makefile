# Fengtai. `make` alone lists what can be done. Nothing but Debian 12, Python 3.11+, Node 20.19+ and make is asked for.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NATIVE_SOURCES := $(shell find src -name '*.pyx' -o -name '*.pxd' -o -name '*.pxi')
WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

.PHONY: help setup demo test lint bench clean

help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

setup: $(VENV)/.ready $(VENV)/.native web/dist/.ready tests/peers/oidc/node_modules/.ready ## install everything that the project needs

demo: setup ## run the platform with a simulated city; prints the console's address and sign-ins
	$(BIN)/fengtai demo

# A journey that fails is run once more, by itself: twenty minutes of browsers, cameras and servers share two cores. What
# fails twice fails; the first failure stays in the output, to be looked into.
test: setup ## run all tests, those in the browser included
	$(BIN)/python -m pytest -q -n 2 -m "not journey and not browser"
	cd web && npm run --silent test
	$(BIN)/python -m pytest -q -m "journey or browser" || $(BIN)/python -m pytest -q --last-failed --last-failed-no-failures none -m "journey or browser"

lint: setup ## style, types, import contracts, console
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	cd web && npm run --silent lint

bench: setup ## run the benchmarks and render docs/reference/performance.md
	$(BIN)/python -m bench

clean: ## remove what was built here (never data)
	rm -rf $(VENV) web/node_modules web/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis build/native
	find src -name '*.so' -delete

.debian-ready: tools/debian-packages.sh
	@bash tools/debian-packages.sh
	@touch .debian-ready

$(VENV)/.ready: requirements-dev.lock pyproject.toml | .debian-ready
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# pip's build hook has compiled them once; this does it again when a source has changed
$(VENV)/.native: $(VENV)/.ready tools/build_native.py $(NATIVE_SOURCES)
	$(BIN)/python tools/build_native.py
	@touch $@

web/node_modules/.ready: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# a real identity provider, for the tests of signing in at one
tests/peers/oidc/node_modules/.ready: tests/peers/oidc/package.json tests/peers/oidc/package-lock.json
	cd tests/peers/oidc && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

web/dist/.ready: web/node_modules/.ready $(WEB_SOURCES)
	cd web && npm run --silent build
	@touch $@
