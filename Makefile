# Everything a user or contributor needs; `make` alone lists it.
PYTHON ?= python3
VENV := .venv/bin

DATA ?= data
# The benchmark to run; empty runs all.
BENCH ?=

.DEFAULT_GOAL := help
# The overlay of k8s/ and the Job that the k8s targets work with.
OVERLAY ?= local
JOB ?= promotion
KUBECTL ?= kubectl

.PHONY: help run test lint types unit bench promote rollback verify-real screenshots dashboards lock train \
	k8s-render k8s-check k8s-apply k8s-job env env-dev clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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

# Where promote and rollback work: in the containers where this folder's run, else in the store of `make run`.
IN ?= $(shell docker ps --quiet --filter label=com.docker.compose.service=model-server \
	--filter label=com.docker.compose.project.working_dir=$(CURDIR) 2>/dev/null | grep -q . && echo compose || echo local)
serving = case $(IN) in \
	compose) echo "In the containers:"; $(COMPOSE) run --rm tools python -m serving $(1);; \
	local) $(MAKE) --silent env && $(VENV)/python -m serving $(1);; \
	*) echo "IN is $(IN); it must be compose or local." >&2; exit 2;; esac

promote: ## check a model version and make it stable: make promote VERSION=n [IN=compose|local]
	@$(call serving,promote $(VERSION))

rollback: ## make the model version stable that was so before
	@$(call serving,rollback)

verify-real: env-dev ## ask the real TensorFlow Serving container what the tests ask the local model server
	$(VENV)/python -m tests.serving.real_server

screenshots: env-dev ## take the pictures of docs/screenshots in Chromium
	$(VENV)/python -m tests.e2e.screenshots

dashboards: env-dev ## write the dashboards of monitoring/dashboards as JSON
	$(VENV)/python -m monitoring.dashboards

.PHONY: up down logs images
COMPOSE := $(shell docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose)
export DOCKER_BUILDKIT := 1
export COMPOSE_DOCKER_CLI_BUILD := 1

up: ## build and start the whole system in containers, http://127.0.0.1:8000/
	$(COMPOSE) up -d --build
	@# Rules that came with an upgrade are read without a restart. (After docker's own kill it would not be started again.)
	@! $(COMPOSE) config --services | grep -qx prometheus || $(COMPOSE) exec -T prometheus sh -c 'kill -HUP 1'

down: ## stop the containers; their volumes stay
	$(COMPOSE) down

logs: ## follow the containers' logs
	$(COMPOSE) logs --follow --tail=100

.PHONY: backup restore database-password compose-test
database-password: ## give the containers' database another password, while they run
	@$(COMPOSE) run --rm database-password

compose-test: env-dev ## bring the containers up on an engine of their own, and do to them what may happen to them
	@$(VENV)/python -m tests.compose

backup: ## save the state of the containers: make backup FILE=rollcall.tar
	@COMPOSE="$(COMPOSE)" scripts/backup.sh "$(FILE)"

restore: ## bring the containers to a saved state: make restore FILE=rollcall.tar
	@COMPOSE="$(COMPOSE)" scripts/restore.sh "$(FILE)"

IMAGE_VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
images: ## build rollcall/<service>:<version> of every service
	for target in gateway worker fetcher emulator tools model-server training; do \
	    docker build --target $$target --tag rollcall/$$target:$(IMAGE_VERSION) . || exit 1; done

lock: env-dev ## compile pyproject.toml into requirements/*.txt
	scripts/lock.sh

k8s-render: env-dev ## print the manifests: make k8s-render OVERLAY=local|production
	@$(VENV)/kubectl kustomize k8s/overlays/$(OVERLAY)

k8s-check: env-dev ## hold every overlay, component and Job against schemas, services, design and checkov
	$(VENV)/pytest tests/k8s
	scripts/checkov.sh

k8s-apply: ## bring a cluster to what an overlay says: make k8s-apply OVERLAY=local|production
	$(KUBECTL) apply -k k8s/overlays/$(OVERLAY)

k8s-job: env-dev ## run a Job of k8s/jobs: make k8s-job JOB=promotion VERSION=n, JOB=score SHARDS=n
	@$(VENV)/python -m scripts.k8s_job $(JOB) $(if $(VERSION),VERSION=$(VERSION)) $(if $(SHARDS),SHARDS=$(SHARDS)) | $(KUBECTL) create -f -

env:
	@$(PYTHON) scripts/setup_env.py run

env-dev:
	@$(PYTHON) scripts/setup_env.py dev

clean: ## remove the environment and caches, not the state
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
