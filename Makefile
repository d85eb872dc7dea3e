# Everything from a fresh checkout: a virtual environment is made on first use.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Clients that are tested with, and cannot live with the others or are not Python's.
SWSH := .venv-swsh/.installed
NPM := $(shell command -v npm 2>/dev/null)
NODE_CLIENTS := $(if $(NPM),tests/clients/node_modules/.installed)

.PHONY: demo test clients lint bench soak clean

demo: $(STAMP)
	$(BIN)/swml-adapter demo

# Calls wait more than they compute: three at once keep two cores half busy. Whether a tone of 300 ms
# is heard in time can be up to the machine, so what failed beside others is run once more, alone.
test: lint clients
	$(BIN)/pytest -n 3 --dist loadgroup || $(BIN)/pytest --last-failed --last-failed-no-failures none

clients: $(SWSH) $(NODE_CLIENTS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(STAMP)
	$(BIN)/python tests/bench/run.py

soak: $(STAMP)
	$(BIN)/python tests/soak/soak.py
	$(BIN)/python tests/soak/soak.py --real

$(STAMP): pyproject.toml tests/constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --constraint tests/constraints.txt --editable '.[test,clients,lint]'
	touch $@

$(SWSH): tests/clients/swsh.txt
	$(PYTHON) -m venv .venv-swsh
	.venv-swsh/bin/pip install --quiet --requirement $<
	touch $@

tests/clients/node_modules/.installed: tests/clients/package-lock.json
	cd tests/clients && npm ci --silent --no-audit --no-fund
	touch $@

clean:
	rm -rf $(VENV) .venv-swsh tests/clients/node_modules
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
