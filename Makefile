# Everything a user or contributor needs; `make` alone lists it.
PYTHON ?= python3
VENV := .venv/bin

DATA ?= data
# The benchmark to run; empty runs all.
BENCH ?=

.DEFAULT_GOAL := help
.PHONY: help run test lint types unit bench promote rollback verify-real screenshots lock train env env-dev clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: env ## run the whole system on 127.0.0.1 (demo platforms unless PLATFORMS=live)
	@$(VENV)/python -m scripts.run

test: env-dev lint types unit ## lint, type check and test everything

lint: env-dev ## style and import rules
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/lint-imports

types: env-dev ## strict type check
	$(VENV)/mypy

unit: env-dev ## all tests, unit to browser
	$(VENV)/pytest

train: env-dev ## train the next model version from labelled data: make train DATA=DIR
	$(VENV)/python -m training --data $(DATA) --out $${MODEL_STORE:-serving/models}

bench: env-dev ## measure against peers and floors: make bench [BENCH=name]
	$(VENV)/python -m bench $(BENCH)

promote: env ## check a model version and make it stable: make promote VERSION=n
	@$(VENV)/python -m serving promote $(VERSION)

rollback: env ## make the model version stable that was so before
	@$(VENV)/python -m serving rollback

verify-real: env-dev ## ask the real TensorFlow Serving container what the tests ask the local model server
	$(VENV)/python -m tests.serving.real_server

screenshots: env-dev ## take the pictures of docs/screenshots in Chromium
	$(VENV)/python -m tests.e2e.screenshots

lock: env-dev ## compile pyproject.toml into requirements/*.txt
	scripts/lock.sh

env:
	@$(PYTHON) scripts/setup_env.py run

env-dev:
	@$(PYTHON) scripts/setup_env.py dev

clean: ## remove the environment and caches, not the state
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
