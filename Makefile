# Every command of this checkout. Bare `make` lists them.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.SUFFIXES:
SHELL := /bin/sh

# Scripts run on a Python that was found to be new enough; the service runs on the one in .venv.
SCRIPT = python=$$(infra/local/find-python) && exec "$$python" infra/local/
MANAGE = $(SCRIPT)management.py
LOCK = ../../../.venv-tools/bin/uv pip compile --quiet --universal --python-version 3.12 \
	--generate-hashes --no-emit-index-url --no-header

.PHONY: help environment run shell test migrate migrations seed domain rename lock docs bench profile

help:
	@awk -f infra/local/help.awk $(MAKEFILE_LIST)

run: ## @run serve Slipway with a demo world on 127.0.0.1:8000, or PORT=8001
	@$(SCRIPT)run.py

shell: ## @run open a Python shell inside the service
	@$(MANAGE) shell

test: ## @check run all tests on a real PostgreSQL and Redis, or T=path and PYTEST_ARGS="-k name"
	@$(SCRIPT)run_tests.py $(T) $(PYTEST_ARGS)

bench: ## @measure compare Slipway with its peers and write docs/benchmarks.md in 20 minutes, or QUICK=1 in 4
	@$(SCRIPT)benchmark.py bench

profile: ## @measure draw where the time of a list goes, as a flame graph in .local/profile.svg
	@$(SCRIPT)benchmark.py flame

migrate: ## @database bring the database up to date
	@$(MANAGE) migrate

migrations: ## @database write migrations for changed models
	@$(MANAGE) makemigrations

seed: ## @database fill the database with the demo world, once
	@$(MANAGE) seed_demo --write ../../.local/demo.json --base-url "http://127.0.0.1:$${PORT:-8000}"

domain: ## @change start a new domain: NAME=tickets
	@test -n "$(NAME)" || { echo "Say which domain to start, for example: make domain NAME=tickets" >&2; exit 2; }
	@$(MANAGE) start_domain "$(NAME)"

rename: ## @change give the platform your own name: NAME=harbour
	@test -n "$(NAME)" || { echo "Say what the platform is called, for example: make rename NAME=harbour" >&2; exit 2; }
	@test -f infra/rename.py || { echo "infra/rename.py is not here: this checkout was renamed before." >&2; exit 2; }
	@python=$$(infra/local/find-python) && exec "$$python" infra/rename.py "$(NAME)"

environment: ## @change install the locked packages for development into .venv
	@$(SCRIPT)environment.py dev

lock: environment ## @change resolve the Python requirements anew and lock them with hashes
	@cd packages/api/requirements && $(LOCK) base.in -o base.txt && $(LOCK) dev.in -o dev.txt && \
		$(LOCK) ../../../tests/perf/requirements.in -o ../../../tests/perf/requirements.txt

docs: openapi chart-docs ## @change write the generated documents anew

-include infra/tools/tools.mk
include infra/cluster/cluster.mk
