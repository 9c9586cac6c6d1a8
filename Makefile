# make demo: set everything up and plan an example.   make test: set everything up and run the whole check.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
JOBS ?= auto

.PHONY: demo test browser bench clean

demo: $(VENV)/.core
	@$(BIN)/channelmix optimize examples/maison_verte.json

test: $(VENV)/.dev browser
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache >$(VENV)/lint-imports.log || (cat $(VENV)/lint-imports.log; exit 1)
	@$(BIN)/pytest -n $(JOBS) --cov --cov-report= --cov-fail-under=95

# The report is opened in Chromium. Where there is none and none can be installed, those tests are skipped and say so.
browser: $(VENV)/.dev
	@for name in chromium-headless-shell chromium chromium-browser google-chrome; do \
		command -v $$name >/dev/null && exit 0; done; \
	if test "$$(id -u)" = 0 && command -v apt-get >/dev/null; then \
		(apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
			chromium-headless-shell fonts-dejavu-core) >$(VENV)/browser.log 2>&1 || true; fi

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
