# make demo: set everything up and plan an example.   make test: set everything up and run the whole check.
# make quick: the part of the check to run while working.   CONTRIBUTING.md says more.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
JOBS ?= auto

# Types are checked beside the tests, so that no processor waits.
MAKEFLAGS += --jobs=2

# Commands that tests start read what is compiled already, whatever the shell says of it.
export PYTHONDONTWRITEBYTECODE =

# A file's tests share what is slow to make, so they run in one process; each process is one thread, as there are many.
PYTEST = OPENBLAS_NUM_THREADS=1 $(1)/bin/pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

# Of a target that stands for a whole environment: its pip, and where pip's words go unless it fails.
PIP = $(@D)/bin/python -m pip --disable-pip-version-check
INSTALL = $(PIP) install
QUIETLY = >$(@D)/pip.log 2>&1 || (cat $(@D)/pip.log; exit 1)

# Much of it is never imported, and need not be compiled. The package's own ranges are checked: a lock may be behind them.
LOCKED = $(INSTALL) --no-compile --require-hashes -r requirements/build.txt -r
ITSELF = $(INSTALL) --no-build-isolation --no-deps -e . && $(PIP) check

QUICK := engine profile

.PHONY: demo quick test engine-and-profile all-tests fuzz mutants lint browser test-newest test-lowest lock bench clean

demo: $(VENV)/.core
	@$(BIN)/channelmix optimize examples/maison_verte.json

# Repeats by many seeds, which tests mark as not to be measured either, are left to the whole check.
quick: lint engine-and-profile

engine-and-profile: $(VENV)/.dev
	@$(call PYTEST,$(VENV)) -m 'not no_cover' $(QUICK:%=tests/%)

test: lint all-tests

all-tests: $(VENV)/.dev browser
	@$(call PYTEST,$(VENV)) --cov --cov-report= --cov-fail-under=95

# Fresh inputs each time, unless a seed is stated; and from what code they reach, where atheris is installed.
fuzz: export CHANNELMIX_FUZZ ?= 100000
fuzz: $(VENV)/.dev
	@export CHANNELMIX_FUZZ_SEED=$${CHANNELMIX_FUZZ_SEED:-$$($(BIN)/python -c 'import secrets; print(secrets.randbits(32))')}; \
	echo "CHANNELMIX_FUZZ_SEED=$$CHANNELMIX_FUZZ_SEED"; \
	OPENBLAS_NUM_THREADS=1 $(BIN)/pytest -n $(JOBS) --dist load -m fuzz tests && $(BIN)/python -m tests.fuzz.with_atheris

# A run that was stopped goes on where it was; make clean forgets its results.
COUNT ?= 400
SEED ?= 18
MUTATION = OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.mutation
mutants: $(VENV)/.dev
	@$(MUTATION) run --count $(COUNT) --seed $(SEED)
	@$(MUTATION) run --whole proof
	@$(MUTATION) report --count $(COUNT) --seed $(SEED)
	@$(MUTATION) report --whole proof

lint: $(VENV)/.dev
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache >$(VENV)/lint-imports.log || (cat $(VENV)/lint-imports.log; exit 1)

# The report is opened in Chromium. Where there is none and none can be installed, those tests are skipped and say so.
browser: $(VENV)/.dev
	@for name in chromium-headless-shell chromium chromium-browser google-chrome; do \
		command -v $$name >/dev/null && exit 0; done; \
	if test "$$(id -u)" = 0 && command -v apt-get >/dev/null; then \
		(apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
			chromium-headless-shell fonts-dejavu-core) >$(VENV)/browser.log 2>&1 || true; fi

# Both ends of the ranges in pyproject.toml: the newest versions there are today, and the lowest allowed.
test-newest test-lowest: test-%: $(VENV)-%/.tests
	@$(call PYTEST,$(<D))

bench: $(VENV)/.dev
	@for script in benchmarks/bench_*.py; do $(BIN)/python $$script || exit 1; done

# Every installation is of exact versions with known hashes, but for the newest, which is looked up afresh each time.
$(VENV)/.core: pyproject.toml requirements/build.txt requirements/core.txt
	@test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	@($(LOCKED) requirements/core.txt && $(ITSELF)) $(QUIETLY)
	@touch $@

$(VENV)/.dev: $(VENV)/.core requirements/dev.txt
	@$(LOCKED) requirements/dev.txt $(QUIETLY)
	@touch $@

$(VENV)-lowest/.tests: pyproject.toml requirements/build.txt requirements/lowest.txt
	@test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	@($(LOCKED) requirements/lowest.txt && $(ITSELF)) $(QUIETLY)
	@touch $@

.PHONY: $(VENV)-newest/.tests
$(VENV)-newest/.tests:
	@test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	@$(INSTALL) --upgrade --upgrade-strategy eager -e '.[dev]' $(QUIETLY)

lock: $(VENV)-lock/.uv
	@$(<D)/bin/python requirements/renew.py

$(VENV)-lock/.uv: requirements/uv.txt
	@test -x $(@D)/bin/python || $(PYTHON) -m venv $(@D)
	@$(INSTALL) --require-hashes -r requirements/uv.txt $(QUIETLY)
	@touch $@

clean:
	rm -rf $(VENV) $(VENV)-newest $(VENV)-lowest $(VENV)-lock dist build
