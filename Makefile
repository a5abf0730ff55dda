# Everything runs from here: `make` lists the targets.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL: # what is missing on the machine is said before anything is done

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
RUN := $(BIN)/shengzhi

export PYTHON

##@ Use it
.PHONY: demo
demo: export SHENGZHI_DATABASE_PREFIX = shengzhi_demo
demo: demo-packages install ## Start the platform, load the sample province, print its report; stays up (SAMPLE=small: five units)
	$(if $(SAMPLE),$(BIN)/python -m services.cli.sample --$(SAMPLE) build/sample-$(SAMPLE))
	$(RUN) demo $(if $(SAMPLE),build/sample-$(SAMPLE))

.PHONY: up
up: demo-packages install ## Start the platform, keeping the data of earlier runs
	$(RUN) up

.PHONY: down
down: ## Stop everything that `make demo` or `make up` started
	@if [ -x $(RUN) ]; then $(RUN) down; else echo "not installed, nothing runs"; fi

.PHONY: status
status: install ## Every process with its memory
	$(RUN) status

##@ Work on it
.PHONY: install
install: $(STAMP) ## Python packages, locked and hashed, into .venv

$(STAMP): requirements.lock pyproject.toml Makefile
	@deploy/debian/requisites.sh python3-venv
	@[ -x $(BIN)/pip ] || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m pip check --disable-pip-version-check
	@touch $@

.PHONY: demo-packages
demo-packages:
	@deploy/debian/requisites.sh python3-venv rabbitmq-server

.PHONY: test-packages
test-packages:
	@deploy/debian/requisites.sh python3-venv rabbitmq-server chromium prometheus

.PHONY: test
test: test-packages install check ## All checks, then all tests; they wait more than they compute
	$(BIN)/python -m pytest --numprocesses 4 --dist loadfile

.PHONY: check
check: install ## Style, types, import rule, interface definitions, deployment files
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/buf lint proto
	$(BIN)/hadolint deploy/Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yaml
	$(BIN)/python -m tests.contract.manifests k8s

.PHONY: rows
rows: test-packages install ## Tests by the domain's numbered rows: `S2 passed 3`, `S9 none`
	@$(BIN)/python -m tests.rows

.PHONY: bench
bench: demo-packages install ## Measure (a quarter of an hour at most); a table of all figures at the end
	rm -rf build/bench
	$(BIN)/python -m pytest tests/bench --override-ini addopts= --import-mode=importlib -p no:pytest_nameko
	@$(BIN)/python -m tests.bench.table

.PHONY: bench-large
bench-large: demo-packages install ## The province's report over ten million facts (40 min at most)
	$(BIN)/python -m pytest tests/bench/large.py --override-ini addopts= --import-mode=importlib -p no:pytest_nameko -s
	@$(BIN)/python -m tests.bench.table

.PHONY: bench-table
bench-table: install ## Put the figures of the last `make bench` into docs/benchmarks.md
	@$(BIN)/python -m tests.bench.table docs/benchmarks.md

.PHONY: faults
faults: demo-packages install ## Every fault once while clients work (a quarter of an hour; an hour at most); nothing may be lost or doubled
	$(BIN)/python -W ignore -m tests.faults once

.PHONY: faults-long
faults-long: demo-packages install ## The model 2,000 times; every fault twice, 40 kills of each kind of process (an hour; three at most)
	$(BIN)/python -W ignore -m tests.faults.model 2000
	$(BIN)/python -W ignore -m tests.faults long

.PHONY: fuzz
fuzz: test-packages install ## 3,000 requests made of the API's description, and 2,000 workbooks: refused by name, or taken as they are (12 min)
	SHENGZHI_FUZZ_CASES=3000 $(BIN)/python -m pytest tests/journey/test_fuzz.py -s
	SHENGZHI_FUZZ_WORKBOOKS=2000 $(BIN)/python -m pytest tests/unit/kernel/test_sheet_fuzz.py --hypothesis-show-statistics

.PHONY: format
format: install ## Put the code into the form that `check` wants
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

##@ Regenerate what is committed
.PHONY: lock
lock: $(BIN)/python ## requirements.lock and the image's part of it from pyproject.toml
	$(BIN)/python -m uv pip compile pyproject.toml --quiet --universal --generate-hashes --all-extras \
		--custom-compile-command "make lock" --output-file requirements.lock
	$(BIN)/python -m uv pip compile pyproject.toml --quiet --universal --generate-hashes \
		--constraint requirements.lock --custom-compile-command "make lock" --output-file deploy/requirements.lock

.PHONY: proto
proto: install ## Python from proto/, schemas and examples from the contracts
	PATH=$(abspath $(BIN)):$$PATH $(BIN)/python -m grpc_tools.protoc --proto_path services/edge/pb=proto --python_out . --grpc_python_out . --mypy_out . \
		$$(cd proto && find shengzhi -name '*.proto' -printf 'services/edge/pb/%p ')
	find services/edge/pb -name '*_pb2_grpc.py' -exec sed -i "s/^ *raise NotImplementedError('[^']*')$$/&  # the server has every method/" {} +
	$(BIN)/shengzhi contracts
	$(BIN)/python -W ignore -m services.edge.http_api.openapi > proto/openapi.json

.PHONY: manifests
manifests: install ## The workers' Kubernetes manifests from their template
	$(BIN)/python -m tests.contract.workers

.PHONY: assets
assets: install ## Look and widgets of the pages, by npm from deploy/assets/assets.json: checked by hash, trimmed
	$(BIN)/python deploy/assets

##@ Tidy up
.PHONY: clean
clean: down ## Stop the platform and remove what was made, but not .venv
	rm -rf .run build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

.PHONY: help
help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
