# `make demo` and `make test` do all the setup. They need python3, its venv module and make, nothing else.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help demo test check wheel simulate crash crash-state crash-planted unchanged golden canary witness kill real-realm soak fuzz fuzz-replies cover cover-core mutate bench clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

.venv/installed: pyproject.toml
	@$(PYTHON) -c 'import ssl, venv' || { echo "$(PYTHON) lacks ssl or venv: choose another with make PYTHON=/usr/bin/python3"; exit 1; }
	[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	$(PIP) install --quiet --editable .
	@touch $@

.venv/installed-dev: .venv/installed
	$(PIP) install --quiet --editable '.[dev]'
	@touch $@

build/demo/storyboard.yaml:
	@mkdir -p build/demo
	cp -R examples/bakery/. build/demo/

demo: .venv/installed build/demo/storyboard.yaml  ## make the film of examples/bakery in build/demo, on the emulator: no key, no cost
	cd build/demo && ../../$(BIN)/storyboard run --emulator
	@echo "the film: $(CURDIR)/build/demo/renders/emulated/storyboard/film.mp4"

test: .venv/installed-dev  ## run every test that takes less than a few minutes, in four processes
	$(BIN)/pytest -n 4

check: .venv/installed-dev  ## check style, types and the layers of the architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.wording --report

wheel: .venv/installed-dev  ## build the wheel, install it in a separate environment, run an example there
	rm -rf dist build/wheel
	$(BIN)/python -m build --wheel --outdir dist > /dev/null
	$(PYTHON) -m venv build/wheel/venv
	build/wheel/venv/bin/python -m pip --disable-pip-version-check install --quiet dist/*.whl
	cp -R examples/seed build/wheel/seed
	cd build/wheel/seed && ../venv/bin/storyboard validate && ../venv/bin/storyboard run --emulator --speed 400 scene-2

WITNESS := build/witness/venv/bin/python

build/witness/installed: tests/witness/requirements.txt
	$(PYTHON) -m venv --clear build/witness/venv
	$(WITNESS) -m pip --disable-pip-version-check install --quiet --no-deps --requirement $<
	@touch $@

witness: .venv/installed build/witness/installed  ## run the vendor's own clients, in a separate environment, against the emulator
	STORYBOARD_PYTHON=$(BIN)/python $(WITNESS) -m pytest tests/witness

crash: .venv/installed-dev  ## kill a run at every system call that changes files or sends data; resumable (half an hour at a time)
	$(BIN)/python -m tests.crash.sweep kill recover import errors interrupt runners --minutes 30

crash-state: .venv/installed-dev  ## flip each byte of the state, cut it at each length, and simulate power loss at each point of a run (half an hour)
	$(BIN)/python -m tests.crash.damage
	$(BIN)/python -m tests.crash.power --most 256

crash-planted: .venv/installed-dev  ## plant bugs in a copy of the program and check that the crash tests find each (ten minutes)
	$(BIN)/python -m tests.crash.planted

unchanged: .venv/installed-dev  ## check on 2,500 folders that an unchanged run submits nothing (two minutes)
	GRAPHS=2500 $(BIN)/pytest tests/unchanged

golden: .venv/installed-dev  ## compare what 290 commands do with a record: exit codes, JSON, locks, journals (a minute)
	$(BIN)/python -m tests.golden_commands compare

canary: .venv/installed-dev  ## plant a secret key and search all output and files for it, under every fault and with every command (about 4 minutes)
	$(BIN)/python -m tests.canary

kill: .venv/installed-dev  ## kill -9 a run at 60 instants, each followed by the same command (about 8 minutes)
	$(BIN)/pytest tests/executor/test_kill.py -s --kills 20

REAL_REALM_TOOLS := iproute2 openssl util-linux mount faketime
REAL_REALM ?=

real-realm: .venv/installed-dev  ## run the command line in the real realm, against a service under the vendor's name; needs Linux and root (6 minutes)
	@for tool in ip openssl unshare mount faketime; do command -v $$tool > /dev/null || missing=1; done; \
	[ -z "$$missing" ] || { apt-get update -qq && apt-get install -y -qq $(REAL_REALM_TOOLS); }
	$(BIN)/python -m tests.real_realm $(REAL_REALM)

simulate: .venv/installed-dev  ## simulate a million scenes, in two processes (about 10 minutes)
	$(BIN)/python -m tests.simulation.run --seeds 20000

soak: .venv/installed-dev  ## make ten thousand scenes over sockets that fail three times in ten (10 to 30 minutes, depending on the disk)
	$(BIN)/python -m tests.soak.run

fuzz: .venv/installed-dev  ## check a million random storyboards, in two processes (20 to 30 minutes)
	$(BIN)/python -m tests.fuzz.run --executions 1000000 --processes 2

fuzz-replies: .venv/installed-dev  ## parse a million random replies, in two processes (one to two minutes)
	$(BIN)/python -m tests.fuzz.replies --executions 1000000 --processes 2

cover: .venv/installed-dev  ## check that tests cover every branch of the pure packages
	$(BIN)/coverage run -m pytest -q tests/language tests/planning tests/report tests/providers tests/executor/test_retry_and_polling.py tests/fuzz
	$(BIN)/coverage report

CORE := $(addprefix storyboard/,executor/perform.py executor/submit.py executor/markers.py executor/locate.py executor/unrecorded.py \
	executor/duplicates.py executor/wait.py executor/download.py executor/task_listing.py executor/reconcile.py \
	planning/attempt.py planning/event.py planning/event_codec.py planning/history.py planning/past.py planning/takes.py \
	planning/marker.py world/journal.py world/journal_rows.py \
	world/run_lock.py world/store.py world/witness.py)
CORE_TESTS := $(addprefix tests/executor/test_,perform.py record.py waits.py last_frame.py woken.py invariants.py reconcile.py \
	gate.py locate.py task_listing.py duplicates.py) \
	$(addprefix tests/planning/test_,event.py marker.py takes.py plan.py) \
	$(addprefix tests/world/test_,journal.py journal_damage.py mounts.py known_journals.py sole_runner.py store.py)
comma := ,
empty :=

cover-core: .venv/installed-dev  ## check that tests cover every branch of the modules that prevent double payment
	$(BIN)/coverage run --include=$(subst $(empty) ,$(comma),$(CORE)) -m pytest -q $(CORE_TESTS)
	$(BIN)/coverage report --include=$(subst $(empty) ,$(comma),$(CORE))

.venv/installed-mutation: .venv/installed-dev
	$(PIP) install --quiet --editable '.[mutation]'
	@touch $@

mutate: .venv/installed-mutation  ## mutate the modules that prevent double payment and check that tests notice (an hour; resumable)
	nice -n 10 $(BIN)/mutmut run --max-children 1
	$(BIN)/python -m tests.mutation.report

bench: .venv/installed-dev  ## measure startup, the validation of a long film and the reading of a long list, as ratios (two minutes)
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.validate
	$(BIN)/python -m benchmarks.hostile
	$(BIN)/python -m benchmarks.footage
	$(BIN)/python -m benchmarks.thousand
	$(BIN)/python -m benchmarks.state
	$(BIN)/python -m benchmarks.lists

clean:  ## remove everything that make created
	rm -rf .venv build dist mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .import_linter_cache
