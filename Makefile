# Fengtai. `make` alone lists what can be done. Nothing but Debian 12, Python 3.11+, Node 20.19+ and make is asked for.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)

.PHONY: help setup demo test lint bench clean

help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

setup: $(VENV)/.ready web/dist/.ready ## install everything that the project needs

demo: setup ## run the platform with a simulated city; prints the console's address and sign-ins
	$(BIN)/fengtai demo

test: setup ## run all tests, those in the browser included
	$(BIN)/python -m pytest -q -n 2 -m "not journey and not browser"
	cd web && npm run --silent test
	$(BIN)/python -m pytest -q -m "journey or browser"

lint: setup ## style, types, import contracts, console
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	cd web && npm run --silent lint

bench: setup ## run the benchmarks and render docs/reference/performance.md
	$(BIN)/python -m bench

clean: ## remove what was built here (never data)
	rm -rf $(VENV) web/node_modules web/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

.debian-ready: tools/debian-packages.sh
	@bash tools/debian-packages.sh
	@touch .debian-ready

$(VENV)/.ready: requirements.lock pyproject.toml | .debian-ready
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

web/node_modules/.ready: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

web/dist/.ready: web/node_modules/.ready $(WEB_SOURCES)
	cd web && npm run --silent build
	@touch $@
