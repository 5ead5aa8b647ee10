# The only door to the project: `make` or `make help` lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
LAYER_PYTHON := 3.14
LAYER_PLATFORM := aarch64-manylinux_2_28

.DEFAULT_GOAL := help
.PHONY: help setup demo up down status test lint types imports synth deploy bundle bench proof lock clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-9s %s\n", $$1, $$2}'

setup: $(VENV)/.installed node_modules/.installed  ## install everything from the lock files into .venv and node_modules

$(VENV)/.installed: requirements.txt pyproject.toml
	@echo "setup: Python packages into $(VENV) (about 600 MB, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@grep -A99 '^uv==' requirements.txt | sed '/^    # /,$$d' > $(VENV)/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

node_modules/.installed: package.json package-lock.json
	@echo "setup: the cdk command into node_modules (once)"
	@npm ci --silent
	@touch $@

lock:  ## write the lock files anew from pyproject.toml
	$(COMPILE) --extra ocr --group local --group infra --group dev --output-file requirements.txt pyproject.toml
	npm install --package-lock-only --silent

clean:  ## remove everything that was built (keeps .venv and node_modules)
	rm -rf build cdk.out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
