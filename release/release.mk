# What a release is made of and checked with; included by the Makefile. docs/howto/release.md says when each is run.

RELEASE := .venv/.release
EXTRAS := base study llm agent lab mcp frameworks dask docs onnx dev
LOWEST := study llm agent mcp frameworks dask onnx
PYTHONS ?= 3.12 3.13

.PHONY: dist audit test-extras test-lowest test-pythons bench-against

$(RELEASE): $(READY)
	@$(BIN)/python -m pip install -qq --no-compile -c constraints.txt -e '.[release]'
	@touch $@

dist: $(RELEASE) ## wheel, sdist, list of parts (SBOM) and checksums, into dist/; built twice, byte for byte the same
	$(BIN)/python release/build.py

audit: $(RELEASE) ## known weaknesses of the pinned packages; needs the network
	$(BIN)/pip-audit --requirement constraints.txt --no-deps --disable-pip

test-extras: $(RELEASE) ## each extra alone, in an environment of its own
	$(BIN)/python release/environments.py extras $(EXTRAS)

test-lowest: $(RELEASE) ## the tests of the core, with the lowest versions that pyproject.toml allows
	$(BIN)/python release/environments.py lowest $(LOWEST)

test-pythons: $(RELEASE) ## the tests of the core, with other versions of Python
	$(BIN)/python release/environments.py pythons $(PYTHONS)

bench-against: $(READY) ## speed against an earlier version, as ratios in one run: make bench-against REF=v0.2.0
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/against.py $(REF)
