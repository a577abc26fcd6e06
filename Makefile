# Every target sets itself up: `make demo` and `make test` work in a fresh clone.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed

.PHONY: setup demo test test-unit test-extras test-faults lint bench study-gangan judges clean

setup: $(STAMP)

# Plain pip on purpose: it takes torch from wherever this machine's pip is told to look.
$(STAMP): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@

# Four GANs on the 5,000 digits that a package ships, a GAN-GAN over them, and their figures. Small
# batches and a higher rate than the paper's get to digits within two minutes.
demo: $(STAMP)
	$(BIN)/gangan train-gans --run digits --dataset mnist5k --gans 4 --epochs 90 --batch-size 32 --lr 3e-4
	$(BIN)/gangan train-gangan --on digits --run gangan
	$(BIN)/gangan export-figures digits gangan
	@echo
	@echo "The GANs:               figures/digits/samples.png"
	@echo "GANs from the GAN-GAN:  figures/gangan/samples.png, walk.png and walk.gif"
	@echo "What to type next:      source .venv/bin/activate && gangan runs list"

# One thread for each of two processes, in numpy too, or they fight for two cores. A group's tests share
# what is costly to make, and stay in one process. Bytecode is kept: pytest takes seconds to make it.
PYTEST := PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses 2 --dist loadgroup --durations 10

# All tests but the long ones: what CI runs.
test: $(STAMP)
	$(PYTEST)

# What parts do by themselves: the quickest answer.
test-unit: $(STAMP)
	$(PYTEST) tests/unit

# Metrics beside those of packages that gangan does not need; `make test` runs these too.
test-extras: $(STAMP)
	$(PYTEST) tests/extras

# The fault tests at full length: 25 kills, a minute of readers, thousands of damaged files. With them the
# audit's statistics on populations whose truth is known: 200 of these.
test-faults: $(STAMP)
	$(PYTEST) --thorough tests/faults tests/unit/metrics/test_instrument.py

lint: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)
	$(BIN)/python -m tests.bench --json tests/bench/last.json

study-gangan: $(STAMP)
	$(BIN)/python -m tests.study

# The judges that ship with the package; DATA is a folder with the datasets.
judges: $(STAMP)
	$(BIN)/python -m tests.make_judges $(or $(JUDGES),mnist) --data-dir $(DATA)

# What was made from sources. Runs and figures are the user's, and stay.
clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
