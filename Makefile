# One target a verb. `make demo` and `make test` install what they need; the others expect it.
SHELL := /bin/bash
BIN := .venv/bin
PACKAGES := alerts analysis console dags ingest qc schemas sensors store
# Kept outside the sources; without it every process compiles thousands of modules at its start.
export PYTHONPYCACHEPREFIX := $(CURDIR)/.cache/pycache
unexport PYTHONDONTWRITEBYTECODE
# A worker a core computes already: threads of BLAS and OpenMP on top of it only wait for each other. (nproc obeys the first.)
test check fast whole: export OMP_NUM_THREADS := 1
test check fast whole: export OPENBLAS_NUM_THREADS := 1

UV := $(shell command -v uv || echo .cache/uv/bin/uv)
# Two workers more than there are cores, since many tests wait (with one more, a run used 85 % of two cores);
# each starts servers of its own. Workers take whole modules in the order of tests/conftest.py.
WORKERS := $(shell n=$$(($$(env -u OMP_NUM_THREADS nproc) + 2)); echo $$((n < 6 ? n : 6)))
PYTEST := $(BIN)/pytest --numprocesses $(WORKERS) --dist loadscope --no-loadscope-reorder
FUZZ := .cache/fuzz
SECONDS := 600

.PHONY: help setup demo check fast test whole fmt lint type bench crash fuzz docs lock clean

help:
	@echo "make demo [CHECK=1]   everything on this machine, with simulated stations and a real data set"
	@echo "make check            lint, types, import contracts and the tests that need no server: before every commit"
	@echo "make test             all checks and tests, with real servers"
	@echo "make bench [ONLY=..]  benchmarks, one JSON line a figure"
	@echo "make crash            kill -9 of everything in turn; writes docs/crash-matrix.md"
	@echo "make fuzz SECONDS=600 fuzz the decoders and the gateway"
	@echo "make fmt lint type    format, lint, type-check"
	@echo "make docs             regenerate the generated pages and schemas"
	@echo "make lock             renew requirements.lock"

setup:
	@deploy/setup.sh run

demo:
	@deploy/setup.sh run
	@$(BIN)/skyground demo $(if $(CHECK),--check,)

# Types are checked on one core while the other one lints and compiles the modules once, not once a worker.
test:
	@deploy/setup.sh test
	@$(MAKE) --no-print-directory --jobs=2 type whole

whole: lint
	@$(BIN)/pytest --collect-only -qq >/dev/null || true
	@$(PYTEST)

# these tests hardly wait, so a worker a core is enough; lint and types run meanwhile; 25 examples a property, 100 in make test
check:
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target lint type fast

fast:
	@$(PYTEST) --numprocesses $(shell env -u OMP_NUM_THREADS nproc) --hypothesis-profile quick -m 'not integration and not e2e and not slow'

fmt:
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lint:
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/codespell --toml pyproject.toml $(PACKAGES) tests bench docs deploy README.md CHANGELOG.md CONTRIBUTING.md

type:
	@$(BIN)/mypy

bench:
	@$(BIN)/python -m bench $(if $(ONLY),--only '$(ONLY)',)

crash:
	@timeout 900 $(BIN)/python -m bench.crash

# An environment of its own: the fuzzer is no part of what is shipped or locked. 3.0.0 is the last one for Python 3.11.
fuzz: $(FUZZ)/bin/atheris-3.0.0
	@nice -n 10 $(FUZZ)/bin/python -m bench.fuzz --seconds $(SECONDS)

$(FUZZ)/bin/atheris-3.0.0: requirements.lock
	@rm -rf $(FUZZ)
	@$(UV) venv --quiet --no-python-downloads --python $(BIN)/python $(FUZZ)
	@$(UV) pip sync --quiet --python $(FUZZ)/bin/python --require-hashes requirements.lock
	@$(UV) pip install --quiet --python $(FUZZ)/bin/python atheris==3.0.0
	@touch $@

docs:
	@$(BIN)/python -m schemas.wire
	@$(BIN)/python -m qc.docs

lock:
	@$(UV) pip compile -q pyproject.toml --extra dev --universal --generate-hashes --no-annotate --no-header -o requirements.lock

clean:
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis
