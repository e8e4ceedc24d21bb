# `make` lists the targets.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test check check-all lint types layers fix score bench fuzz golden clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

$(READY): pyproject.toml
	@echo "setting up $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@$(BIN)/python -m compileall -q src
	@touch $(READY)

setup: $(READY)  ## make the virtual environment with pinned versions

demo: $(READY)  ## set up, then check the design behind the project and a build directory
	@$(BIN)/python -m tests.demo

test: $(READY)  ## set up, then the tests that every change must pass
	@$(BIN)/python -m pytest -q -m "not slow" -n 2

check: $(READY) lint types layers test  ## lint, types, layers and tests: before each commit

check-all: $(READY) lint types layers  ## everything, the long ones too
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal

lint: $(READY)  ## ruff
	@$(BIN)/ruff check src tests integrations
	@$(BIN)/ruff format --check src tests integrations

types: $(READY)  ## mypy, strict
	@$(BIN)/mypy

layers: $(READY)  ## import-linter: who may import whom
	@$(BIN)/lint-imports --no-cache

fix: $(READY)  ## format and repair what ruff can
	@$(BIN)/ruff format src tests integrations
	@$(BIN)/ruff check --fix src tests integrations

score: $(READY)  ## cards, recorded vectors and corpus of ../shared: how much is right
	@$(BIN)/python -m tests.score

bench: $(READY)  ## times, as ratios within one run
	@$(BIN)/python -m tests.benchmark.bench

fuzz: $(READY)  ## changed inputs to every reader, SECONDS each (20); READER=name, GUIDED=1 with atheris
	@$(if $(GUIDED),$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]',true)
	@$(BIN)/python -m tests.fuzz $(or $(SECONDS),20) $(READER) $(if $(GUIDED),--guided)

golden: $(READY)  ## rewrite the expected reports; review them as text
	@BOOTVERIFY_GOLDEN=write $(BIN)/python -m pytest -q -m "not slow" tests/golden

clean:  ## remove what was built
	@rm -rf $(VENV) build-demo fuzz-found .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
