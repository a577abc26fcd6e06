# Every target sets itself up: `make demo` and `make test` work in a fresh clone.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed

.PHONY: setup demo test lint bench clean

setup: $(STAMP)

# Plain pip on purpose: it takes torch from wherever this machine's pip is told to look.
$(STAMP): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@

# Four GANs on the 5,000 digits that a package ships, a GAN-GAN over them, and their figures.
demo: $(STAMP)
	$(BIN)/gangan train-gans --run digits --dataset mnist5k --gans 4 --epochs 200 --batch-size 64 --lr 5e-4 --snapshot-every 2
	$(BIN)/gangan train-gangan --on digits --run gangan
	$(BIN)/gangan export-figures digits gangan
	@echo
	@echo "The GANs:                figures/digits/samples.png"
	@echo "GANs from the GAN-GAN:   figures/gangan/samples.png  figures/gangan/walk.png  figures/gangan/walk.gif"
	@echo "What to type next:       . .venv/bin/activate; gangan runs list; gangan --help"

test: $(STAMP)
	$(BIN)/pytest --numprocesses 2

lint: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)
	$(BIN)/python -m tests.bench

clean:
	rm -rf .venv build dist figures gangan-runs .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
