# The only door to the project: `make` or `make help` lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
SETTINGS ?= sapmatch.toml
STAGE ?= prod
SEEDS ?= 20000
INTENTS ?= 1000000
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20

.DEFAULT_GOAL := help
.PHONY: help setup demo up down status test lint types imports conformance synth deploy bundle bench proof lock clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-11s %s\n", $$1, $$2}'

setup: $(VENV)/.installed node_modules/.installed  ## install everything from the lock files into .venv and node_modules

$(VENV)/.installed: requirements.txt pyproject.toml
	@echo "setup: Python packages into $(VENV) (about 900 MB, once)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "setup: needs Python 3.11 or newer; say PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@grep -A99 '^uv==' requirements.txt | sed '/^    # /,$$d' > $(VENV)/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@mkdir -p build && touch $@

node_modules/.installed: package.json package-lock.json
	@echo "setup: the cdk command into node_modules (once)"
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || { echo "setup: needs Node 20 or newer"; exit 1; }
	@npm ci --silent
	@touch $@

demo: setup  ## run the main job on this machine: SAP orders, invoices, matches, mails, write-back
	@$(BIN)/python -m local demo $(DEMO)

up: setup  ## start the local stage and leave it up
	@$(BIN)/python -m local up

down:  ## end the local stage
	@$(BIN)/python -m local down

status: setup  ## what the local stage knows of every document
	@$(BIN)/python -m local status

test: setup lint types imports  ## check style, types and import rules, then run every test
	@echo "test: unit, contract, infra and a short proof; beside them integration, which mostly waits"
	@set -m; failed=0; \
	$(BIN)/python -m pytest $(PYTEST) tests/integration >build/integration.log 2>&1 & beside=$$!; \
	$(BIN)/python -m pytest $(PYTEST) --ignore tests/integration || failed=$$?; \
	if [ $$failed = 2 ]; then kill -INT $$beside; fi; \
	echo "test: integration"; \
	wait $$beside || failed=$$?; \
	cat build/integration.log; \
	[ $$failed = 0 ] && echo "test: all passed" || { echo "test: failed, see above"; exit $$failed; }

lint: setup  ## ruff: style, formatting and likely bugs
	@echo "lint: ruff"
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .

types: setup  ## mypy --strict
	@echo "types: mypy --strict"
	@$(BIN)/mypy --no-error-summary

imports: setup  ## the import rules of the house
	@echo "imports: who may import whom"
	@$(BIN)/lint-imports --no-cache >build/imports.log 2>&1 || { cat build/imports.log; exit 1; }

conformance: setup  ## write the conformance pages: which test proves which case
	@echo "conformance: writing docs/odata-conformance.md and docs/matching-conformance.md from the tests"
	@$(BIN)/python -m tests.conformance

bundle: setup  ## build the code and layers for AWS Lambda (network)
	@$(BIN)/python -m infra.bundle --target cloud --settings $(SETTINGS)

synth: bundle  ## synthesise the stacks from SETTINGS (no account, no Docker)
	@rm -rf cdk.out
	@npx --no-install cdk synth --quiet --app "$(BIN)/python app.py" -c stage=$(STAGE) -c settings=$(SETTINGS) \
	  >build/synth.log 2>&1 || { cat build/synth.log; exit 1; }
	@echo "synth: templates in cdk.out; what the CDK remarks is in build/synth.log"

deploy: bundle  ## deploy the stacks of SETTINGS to the AWS account of the environment
	@$(BIN)/sapmatch settings check $(SETTINGS)
	@rm -rf cdk.out
	npx --no-install cdk deploy 'sapmatch-$(STAGE)-!(provider)' --app "$(BIN)/python app.py" -c stage=$(STAGE) -c settings=$(SETTINGS)

bench: bundle  ## print the benchmark tables
	@$(BIN)/python -m benchmarks

proof: setup  ## the long proof: write-back in simulated worlds (INTENTS=1000000), then damaged documents (SEEDS=20000)
	@echo "proof: $(INTENTS) intended writes in simulated worlds; their figures go into docs/exactly-once.md"
	@$(BIN)/python -m tests.proof.simulation --intents $(INTENTS) --page docs/exactly-once.md
	@echo "proof: writes cut at every byte, workers killed after every effect, $(SEEDS) seeds of damaged documents"
	@SAPMATCH_PROOF_SEEDS=$(SEEDS) $(BIN)/python -m pytest tests/proof
	@echo "proof: 500 invoices on the local stage, over a bad line, by functions that are killed"
	@SAPMATCH_PROOF_SEEDS=$(SEEDS) $(BIN)/python -m pytest tests/integration/test_writing_proof.py

lock: setup  ## write the lock files anew from pyproject.toml
	$(COMPILE) --extra ocr --group local --group infra --group dev --output-file requirements.txt pyproject.toml
	@$(BIN)/python -m infra.bundle --lock
	npm install --package-lock-only --silent

clean:  ## remove everything that was built (keeps .venv and node_modules)
	rm -rf build cdk.out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
