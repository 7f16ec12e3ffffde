# Gehoor. `make run` and `make test` do all set-up themselves; `make help` lists the rest.
# Needed: Python 3.11 or newer, and make. Everything else comes hash-checked from the lock into .venv.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3.11)
VENV_PYTHON := .venv/bin/python
export GEHOOR_HOME ?= $(CURDIR)/var

.PHONY: chaos due-check simulate-check soak fuzz help run demo test test-containers prove-deploy check doctor clean lock .environment .environment-dev

help: ## this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: .environment ## start everything on this machine and print the addresses; Ctrl-C stops it, the data stays
	@exec $(VENV_PYTHON) -m gehoor up

demo: .environment ## the same in a home of its own, with a clock in which days pass in seconds and promises break
	@exec $(VENV_PYTHON) -m gehoor demo

test: .environment-dev ## the whole test suite, on real servers it starts itself
	@exec $(VENV_PYTHON) -m pytest $(or $(PYTEST),-n 2 --dist loadfile -q --durations 5)

# Images and the engine's address: deploy/.env, else the public ones (see deploy/README.md).
test-containers: .environment-dev ## store and bus once more, on servers in containers; needs a Docker engine
	@set -a; if [ -f deploy/.env ]; then . ./deploy/.env; fi; \
		GEHOOR_TEST_CONTAINERS=1 TESTCONTAINERS_RYUK_DISABLED=true exec $(VENV_PYTHON) -m pytest tests/containers -q

prove-deploy: ## build deploy/compose.yaml, file complaints while its containers are killed, count; needs Docker
	@exec "$(PYTHON)" deploy/prove.py $(PROVE)

bench: .environment-dev ## measure beside bare Postgres, bare NATS and others; CELL=append for one, GROWTH=10m for more
	@PYTHONPATH=libs:services:tools exec $(VENV_PYTHON) -m bench

# MIX=, SECONDS=, RATE=, SEED=, PLANTED=, KEEP=, RESULTS=, RESTS= in the environment or behind: tools/chaos/README.md.
chaos: .environment-dev ## break the whole system under load and judge what is left; MIX=kill for one mix, PLANTED=1
	@MIX="$(MIX)" SECONDS="$(SECONDS)" RATE="$(RATE)" SEED="$(SEED)" PLANTED="$(PLANTED)" KEEP="$(KEEP)" \
		RESULTS="$(RESULTS)" RESTS="$(RESTS)" PYTHONPATH=libs:services:tools exec $(VENV_PYTHON) -m chaos

fuzz: .environment-dev ## a hundred thousand hostile requests, and what they were answered; CASES=, SEED=
	@PYTHONPATH=libs:services:tools:tests/support exec $(VENV_PYTHON) tests/support/hostile/campaign.py

soak: .environment-dev ## an hour of steady load, and whether memory, files and tasks come back; SECONDS=, RATE=
	@PYTHONPATH=libs:services:tools:tests/support exec $(VENV_PYTHON) -m soak

due-check: .environment-dev ## a million random cases of every procedure against a second implementation
	@PYTHONPATH=libs:services:tools:tests/support exec $(VENV_PYTHON) tests/support/derivation_comparison.py $(or $(CASES),1000000)

simulate-check: .environment-dev ## a simulated year of cases of every procedure against an oracle; CASES=1000 for less
	@PYTHONPATH=libs:services:tools:tests/support exec $(VENV_PYTHON) tests/support/simulated_year.py $(or $(CASES),100000)

check: .environment-dev ## ruff, mypy --strict, and the walls: who may import whom, what is pure
	@$(VENV_PYTHON) -m ruff check
	@$(VENV_PYTHON) -m mypy
	@exec $(VENV_PYTHON) -m pytest -q tests/architecture

doctor: .environment ## look at this machine and say what is missing, each with its remedy
	@exec $(VENV_PYTHON) -m gehoor doctor

clean: ## remove .venv and caches; var/ (your data) stays, remove it yourself
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find libs services tools tests -name __pycache__ -type d -prune -exec rm -rf {} +

UV_COMPILE = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock"

lock: .environment-dev ## resolve pyproject.toml again into the locks (uv itself: requirements-uv.lock; the benchmark's peers)
	@$(UV_COMPILE) pyproject.toml --extra build --extra dev --output-file requirements-dev.lock
	@$(UV_COMPILE) pyproject.toml --extra build --constraint requirements-dev.lock --output-file requirements.lock
	@$(UV_COMPILE) tools/bench/requirements-peers.in --output-file tools/bench/requirements-peers.txt
	@.venv/bin/uv --version | awk '{ print $$1 "==" $$2 }' | \
		$(UV_COMPILE) - --output-file requirements-uv.lock

.environment:
	@command -v "$(PYTHON)" >/dev/null || \
		{ echo "gehoor: Python 3.11 is missing; install it with: apt-get install python3 python3-venv" >&2; exit 2; }
	@"$(PYTHON)" deploy/bootstrap.py run

.environment-dev:
	@command -v "$(PYTHON)" >/dev/null || \
		{ echo "gehoor: Python 3.11 is missing; install it with: apt-get install python3 python3-venv" >&2; exit 2; }
	@"$(PYTHON)" deploy/bootstrap.py dev
