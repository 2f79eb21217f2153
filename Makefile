# A fresh machine needs python3 (3.11 or newer) and make; ngspice is installed through apt-get or brew when it is missing.
# Paths are relative, so that the checkout may lie in a folder with spaces.

PYTHON ?= python3
EXTRAS ?= dev,report
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
DESIGN := designs/lim2025_synapse.toml
REPORT := reports/lim2025_synapse.pdf
STORAGE_DESIGN := designs/zarcone2020_storage.toml
STORAGE_REPORT := reports/zarcone2020_storage.pdf
LOOP_DESIGN := designs/lim2025_loop.toml
LOOP_REPORT := reports/lim2025_loop.pdf

# ngspice's OpenMP threads spin: two runs at once take a hundred times longer
export OMP_THREAD_LIMIT := 1
# small fits beside many simulations: threads of the linear algebra only wait for each other
export OPENBLAS_NUM_THREADS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# below, exit code 1 says that a claim is not met: the table shows which, and what follows is made all the same

.DEFAULT_GOAL := help
.PHONY: help report storage network loop results test bench lint docs clean ngspice

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile | expand -t 10
	@echo
	@echo 'PYTHON=python3.12 takes another Python; make test EXTRAS=dev,report,snn adds torch; ARGS="-k synapse" goes to pytest.'

report: $(VENV)/report.stamp | ngspice ## simulate the reference designs and write their PDFs, on the synapse and on storage
	@mkdir -p $(dir $(REPORT))
	$(BIN)/cosim report $(DESIGN) -o $(REPORT)
	$(BIN)/cosim report $(STORAGE_DESIGN) -o $(STORAGE_REPORT) --storage

storage: $(VENV)/report.stamp | ngspice ## the one on storage only
	@mkdir -p $(dir $(STORAGE_REPORT))
	$(BIN)/cosim report $(STORAGE_DESIGN) -o $(STORAGE_REPORT) --storage

network: $(VENV)/report,snn.stamp | ngspice ## the same with the spiking network: 1,124 images through the circuit, most of an hour
	@mkdir -p $(dir $(REPORT))
	$(BIN)/cosim data get optdigits
	$(BIN)/cosim report $(DESIGN) -o reports/lim2025_network.pdf --network || test $$? -eq 1

loop: $(VENV)/report,snn.stamp | ngspice ## the loop from circuit to channel to code and back: about 15 minutes
	@mkdir -p $(dir $(LOOP_REPORT))
	$(BIN)/cosim data get optdigits
	$(BIN)/cosim loop $(LOOP_DESIGN) -o $(LOOP_REPORT) || test $$? -eq 1

results: $(VENV)/$(EXTRAS).stamp | ngspice ## compute the claims, the report and the generated tables of README and docs anew
	$(BIN)/cosim reproduce --results reports/results.json || test $$? -eq 1
	$(BIN)/cosim report $(DESIGN) -o $(REPORT) --picture docs/images/report_page1.png
	$(BIN)/cosim report $(STORAGE_DESIGN) -o $(STORAGE_REPORT) --storage --picture docs/images/storage_page1.png
	$(BIN)/cosim loop $(LOOP_DESIGN) -o $(LOOP_REPORT) --picture docs/images/loop_page1.png || test $$? -eq 1
	$(BIN)/python -c 'from pathlib import Path; from cosim.reporting.readme import regenerate_docs; regenerate_docs(Path("."))'

test: $(VENV)/$(EXTRAS).stamp | ngspice ## run all tests
	$(BIN)/python -m pytest $(ARGS)

bench: $(VENV)/$(EXTRAS).stamp | ngspice ## run every benchmark; each writes benchmarks/results/<case>.json
	@mkdir -p benchmarks/results
	@set -e; for case in benchmarks/[a-z]*.py; do echo "$$case"; $(BIN)/python "$$case"; done

lint: $(VENV)/$(EXTRAS).stamp ## style, types and the import contract
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/$(EXTRAS).stamp ## build the documentation into site/
	$(BIN)/mkdocs build --strict

clean: ## remove the virtual environment, caches and builds; reports stay
	rm -rf $(VENV) $(APT_LOG) build dist site .pytest_cache .hypothesis .ruff_cache .mypy_cache .import_linter_cache
	find . -path ./.git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp a set of extras: nothing is installed again until the requirements change.
$(VENV)/%.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable ".[$*]" --constraint constraints.txt
	@touch $@

# $(call apt,PACKAGE,OR WHAT): install a Debian package as root or through sudo, or say in one line what to do.
define apt
{ as=; \
if [ "$$(id -u)" != 0 ]; then as=sudo; fi; \
if ! command -v apt-get >/dev/null || { [ -n "$$as" ] && ! { command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; }; }; then \
  echo "$(1): missing, and there is no apt-get with root or sudo here: must be installed first$(2)" >&2; exit 1; \
fi; \
echo "installing $(1)"; \
{ $$as apt-get update -q && $$as env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $(1); } >$(APT_LOG) 2>&1 || \
{ tail -n 3 $(APT_LOG) >&2; echo "$(1): apt-get failed as shown above: must be installed first$(2)" >&2; exit 1; }; }
endef
APT_LOG := .apt.log

$(BIN)/python:
	@command -v "$(PYTHON)" >/dev/null || { echo "$(PYTHON): not found: must be Python 3.11 or newer; name one with make PYTHON=..." >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "$$("$(PYTHON)" --version 2>&1): must be Python 3.11 or newer; name one with make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || \
	$(call apt,python$$("$(PYTHON)" -c 'import sys; print(*sys.version_info[:2], sep=".")')-venv,)
	"$(PYTHON)" -m venv --clear $(VENV)

ngspice:
	@if [ -n "$$COSIM_NGSPICE" ] || [ "$$COSIM_ENGINE" = ltspice ] || command -v ngspice >/dev/null; then :; \
	elif command -v brew >/dev/null; then brew install ngspice; \
	else $(call apt,ngspice,; or set COSIM_NGSPICE to the program); fi
