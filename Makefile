# Two commands: `make demo` plays the main job, `make test` passes the tests. Each sets itself up.
# uv is used where it is installed; else venv and pip. Both take the pinned hashes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Processes are started by the hundred: that they compile all modules anew each time would be a third of the tests.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test check slow bench lock clean help

help:
	@echo "make demo   play the main job, end to end, on this machine"
	@echo "make test   run the tests"
	@echo "make check  lint, types and layers"
	@echo "make slow   kills and faults, thoroughly"
	@echo "make bench  measure"
	@echo "make lock   pin the dependencies anew (needs uv)"

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "This needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Installing into $(VENV); once, about a minute" >&2
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python $(PYTHON) $(VENV) && \
		uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock && \
		uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e . ; \
	else \
		$(PYTHON) -m venv $(VENV) && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
	@touch $(READY)

demo: $(READY)
	@$(BIN)/cloi demo --scenario all

test: $(READY)
	@$(BIN)/python -m pytest -n 3 --dist worksteal

check: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

# All stories, with a kill at every point, also of each commit of the store; real processes killed, and faults, seed
# by seed. Then simulations, crashes and properties with all their examples.
slow: $(READY)
	@CLOI_THOROUGH=1 CLOI_KILLS=10 CLOI_SEEDS=100 $(BIN)/python -m pytest -n 2 --dist load tests/stories
	@CLOI_THOROUGH=1 CLOI_SIMULATIONS=10000 $(BIN)/python -m pytest -n 2 --dist load \
		tests/engine/test_simulation.py tests/engine/test_port_crashes.py tests/engine/test_engine_machine.py \
		tests/store/test_power.py
	@CLOI_THOROUGH=1 $(BIN)/python -m pytest -n 2 --dist load tests/insights/test_foresight_proof.py \
		tests/records tests/plans tests/gates tests/render tests/actions tests/sandbox tests/engine/test_language.py

# What is compared with lives in a venv of its own. Where it cannot be had, the benchmark says so and goes on.
.venv-bench/.ready: requirements-bench.lock
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python $(PYTHON) .venv-bench && \
		uv pip install --quiet --python .venv-bench/bin/python --require-hashes -r requirements-bench.lock ; \
	else \
		$(PYTHON) -m venv .venv-bench && \
		.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
			-r requirements-bench.lock ; \
	fi && touch $@ || echo "DBOS could not be installed"

bench: $(READY) .venv-bench/.ready
	@for file in benchmarks/*.py; do $(BIN)/python $$file || exit 1; done

lock:
	uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-annotate --no-header \
		--no-strip-extras -o requirements.lock
	uv pip compile --group bench --universal --generate-hashes --no-annotate --no-header \
		--no-strip-extras -o requirements-bench.lock

clean:
	rm -rf $(VENV) .venv-bench .pytest_cache .mypy_cache .ruff_cache .hypothesis
