# make demo: set everything up and plan an example.   make test: set everything up and run the whole check.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
JOBS ?= auto

.PHONY: demo test bench clean

demo: $(VENV)/.core
	@$(BIN)/channelmix optimize examples/maison_verte.json

test: $(VENV)/.dev
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache >$(VENV)/lint-imports.log || (cat $(VENV)/lint-imports.log; exit 1)
	@$(BIN)/pytest -n $(JOBS) --cov --cov-report= --cov-fail-under=95

bench: $(VENV)/.dev
	@for script in benchmarks/bench_*.py; do $(BIN)/python $$script || exit 1; done

$(VENV)/.core: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install -e . 2>$(VENV)/pip.log || (cat $(VENV)/pip.log; exit 1)
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	@$(PIP) install -e '.[dev]' 2>$(VENV)/pip.log || (cat $(VENV)/pip.log; exit 1)
	@touch $@

clean:
	rm -rf $(VENV) dist build
