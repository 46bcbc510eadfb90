# specbench: `make help` lists the targets. Needs Python 3.11 or newer, make and git.

PYTHON ?= $(shell for python in python3.11 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; break; }; done)
BIN := .venv/bin
READY := .venv/.installed

TRACES ?= data/support_desk.jsonl
TRACES_FORMAT ?=
EFFECTS ?=
OUT ?= runs/$(basename $(notdir $(patsubst %/,%,$(firstword $(TRACES)))))
STUDY_OPTIONS ?=
# The shipped desk also runs live, with the micro-Llama; your own traces are replayed.
LIVE ?= $(if $(filter data/support_desk.jsonl,$(TRACES)),2,0)

NBMAKE := OMP_NUM_THREADS=1 SPECBENCH_FAST=1 $(BIN)/pytest -p nbmake --nbmake --nbmake-timeout=600 --timeout=900 -W default
# They measure seconds and are run by themselves; the others side by side, the long ones (in the middle) not last.
LIVE_NOTEBOOKS := $(wildcard notebooks/01_*.ipynb notebooks/08_*.ipynb)
OTHER_NOTEBOOKS := $(filter-out $(LIVE_NOTEBOOKS),$(shell ls -r notebooks/*.ipynb))

# No window, no model hub, no tracing service: nothing that a target runs needs the network once it is installed.
export MPLBACKEND := Agg
export HF_HUB_OFFLINE := 1
export LANGSMITH_TRACING := false
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help venv study test quick notebooks test-slow fuzz lab docs docs-serve bench clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12
	@echo
	@echo 'make study TRACES=PATH [TRACES_FORMAT=NAME] [EFFECTS=FILE] [OUT=FOLDER]'

# The stamp is written last: an interrupted install starts again, a finished one is not repeated. Bytecode is written as
# modules are imported: for all of them at once pip needs minutes.
$(READY): pyproject.toml constraints.txt
	@test -n '$(PYTHON)' || { echo 'specbench needs Python 3.11 or newer; name it: make venv PYTHON=/path/to/python3.11'; exit 1; }
	@rm -f $@
	@echo 'installing into .venv (once; about 2 minutes and 2 GB)'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install -qq --no-compile -c constraints.txt -e '.[all]'
	@touch $@

venv: $(READY) ## create .venv and install everything into it

study: $(READY) ## the main job: traces -> predictors -> figures, report, checkpoints
	@$(BIN)/specbench study --traces $(TRACES) $(if $(TRACES_FORMAT),--format $(TRACES_FORMAT)) $(if $(EFFECTS),--effects $(EFFECTS)) \
		--out $(OUT) --live $(LIVE) $(STUDY_OPTIONS)

test: $(READY) ## lint, types, import layers, all tests and doctests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy -n 2
	$(BIN)/lint-imports
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist worksteal -m 'not slow'

quick: $(READY) ## lint, types, import layers, and the tests of what has changed since the last commit
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy -n 2
	$(BIN)/lint-imports
	@set -e; tests=$$($(BIN)/python .ci/changed_tests.py); echo tests: $${tests:-none}; test -z "$$tests" || \
		OMP_NUM_THREADS=1 $(BIN)/pytest -q -n 2 --dist worksteal -m 'not slow' $$tests || test $$? = 5 # 5: no tests in it

notebooks: $(READY) ## run every notebook (FAST mode: fewer tasks)
	$(NBMAKE) $(LIVE_NOTEBOOKS)
	LOKY_MAX_CPU_COUNT=1 $(NBMAKE) -n 2 $(OTHER_NOTEBOOKS)

test-slow: $(READY) ## the tests that need minutes
	$(BIN)/pytest -m slow

SECONDS ?= 600
fuzz: $(READY) ## bytes that nobody would write, for SECONDS (600) on each part that reads; keeps what breaks it in fuzz/found
	@$(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/python -m pip install -qq -c constraints.txt -e '.[fuzz]'
	OMP_NUM_THREADS=1 $(BIN)/python -m fuzz.run --seconds $(SECONDS)

lab: $(READY) ## open JupyterLab
	$(BIN)/jupyter lab

docs: $(READY) ## the documentation site, into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

docs-serve: $(READY) ## the same on http://localhost:8000, made anew as you write
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve

bench: $(READY) ## speed and memory against their targets; writes benchmarks/README.md
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/run.py

include release/release.mk

clean: ## remove .venv and caches; keeps runs/ and data/
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
