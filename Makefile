# Two commands do all the set-up: `make demo` and `make test`. Both want nothing but python3, its venv module and make.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help demo test check wheel simulate crash crash-state crash-planted unchanged golden canary witness kill real-realm soak fuzz fuzz-replies cover cover-core mutate bench clean

help:  ## what there is to make
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

.venv/installed: pyproject.toml
	@$(PYTHON) -c 'import ssl, venv' || { echo "$(PYTHON) lacks ssl or venv: name another with make PYTHON=/usr/bin/python3"; exit 1; }
	[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	$(PIP) install --quiet --editable .
	@touch $@

.venv/installed-dev: .venv/installed
	$(PIP) install --quiet --editable '.[dev]'
	@touch $@

build/demo/storyboard.yaml:
	@mkdir -p build/demo
	cp -R examples/lighthouse/. build/demo/

demo: .venv/installed build/demo/storyboard.yaml  ## make the example's film in build/demo, on the emulator: no key, no cost
	cd build/demo && ../../$(BIN)/storyboard run --emulator
	@echo "look at it: $(CURDIR)/build/demo/renders/emulated/storyboard/film.mp4"

test: .venv/installed-dev  ## every test that takes less than a few minutes, in four processes: many of them wait
	$(BIN)/pytest -n 4

check: .venv/installed-dev  ## types, style, and the walls of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

wheel: .venv/installed-dev  ## build the wheel, install it into an environment of its own, run an example there
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

witness: .venv/installed build/witness/installed  ## the vendor's own clients, in an environment of their own, against the emulator
	STORYBOARD_PYTHON=$(BIN)/python $(WITNESS) -m pytest tests/witness

crash: .venv/installed-dev  ## a run killed at every system call that changes the world, resumable (half an hour at a time)
	$(BIN)/python -m tests.crash.sweep kill recover import errors interrupt runners --minutes 30

crash-state: .venv/installed-dev  ## each byte of a state turned, each end cut off; and the power lost at each point of a run (half an hour)
	$(BIN)/python -m tests.crash.damage
	$(BIN)/python -m tests.crash.power --most 256

crash-planted: .venv/installed-dev  ## bugs planted in a copy of the program, each found by what looks for crashes (ten minutes)
	$(BIN)/python -m tests.crash.planted

unchanged: .venv/installed-dev  ## the law that an unchanged run submits nothing, on 2,500 folders (two minutes)
	GRAPHS=2500 $(BIN)/pytest tests/unchanged

golden: .venv/installed-dev  ## what 290 command lines do, held against the record of it: exit codes, JSON, locks, journals (a minute)
	$(BIN)/python -m tests.golden_commands compare

canary: .venv/installed-dev  ## a key that sings, under every fault and by every command, looked for everywhere (about 4 minutes)
	$(BIN)/python -m tests.canary

kill: .venv/installed-dev  ## kill -9 at 60 instants of a run, each followed by the same command (about 8 minutes)
	$(BIN)/pytest tests/executor/test_kill.py -s --kills 20

REAL_REALM_TOOLS := iproute2 openssl util-linux mount faketime
REAL_REALM ?=

real-realm: .venv/installed-dev  ## the command line in the real realm, against a service under the vendor's name; wants Linux and root (6 minutes)
	@for tool in ip openssl unshare mount faketime; do command -v $$tool > /dev/null || missing=1; done; \
	[ -z "$$missing" ] || { apt-get update -qq && apt-get install -y -qq $(REAL_REALM_TOOLS); }
	$(BIN)/python -m tests.real_realm $(REAL_REALM)

simulate: .venv/installed-dev  ## a million scenes in a simulated world, on two processes (about 10 minutes)
	$(BIN)/python -m tests.simulation.run --seeds 20000

soak: .venv/installed-dev  ## ten thousand scenes over sockets that fail three times in ten (10 to 30 minutes: the disk counts)
	$(BIN)/python -m tests.soak.run

fuzz: .venv/installed-dev  ## a million storyboards by chance through all that judges them, on two processes (20 to 30 minutes)
	$(BIN)/python -m tests.fuzz.run --executions 1000000 --processes 2

fuzz-replies: .venv/installed-dev  ## a million replies by chance through all that reads replies, on two processes (one to two minutes)
	$(BIN)/python -m tests.fuzz.replies --executions 1000000 --processes 2

cover: .venv/installed-dev  ## every branch of the rooms that think is taken by some test
	$(BIN)/coverage run -m pytest -q tests/language tests/planning tests/report tests/film/test_montage.py tests/providers tests/executor/test_retry_and_polling.py tests/fuzz
	$(BIN)/coverage report

CORE := $(addprefix storyboard/,executor/perform.py executor/locate.py executor/scan.py executor/reconcile.py \
	planning/event.py planning/history.py planning/takes.py planning/marker.py world/journal.py world/store.py)
CORE_TESTS := $(addprefix tests/executor/test_,perform.py record.py waits.py last_frame.py woken.py invariants.py reconcile.py \
	stop.py locate.py scan.py duplicates.py) \
	$(addprefix tests/planning/test_,event.py marker.py takes.py plan.py) \
	$(addprefix tests/world/test_,journal.py journal_damage.py mounts.py register.py sole_runner.py store.py)
comma := ,
empty :=

cover-core: .venv/installed-dev  ## every branch of what keeps us from paying twice is taken by some test of its own
	$(BIN)/coverage run --include=$(subst $(empty) ,$(comma),$(CORE)) -m pytest -q $(CORE_TESTS)
	$(BIN)/coverage report --include=$(subst $(empty) ,$(comma),$(CORE))

.venv/installed-mutation: .venv/installed-dev
	$(PIP) install --quiet --editable '.[mutation]'
	@touch $@

mutate: .venv/installed-mutation  ## thousands of bugs, one after another, in what keeps us from paying twice: are they noticed? (an hour; resumable)
	nice -n 10 $(BIN)/mutmut run --max-children 1
	$(BIN)/python -m tests.mutation.report

bench: .venv/installed-dev  ## how fast the doors open, a long film is judged and a long list is read, as ratios in one run (two minutes)
	$(BIN)/python -m benchmarks.doors
	$(BIN)/python -m benchmarks.validate
	$(BIN)/python -m benchmarks.hostile
	$(BIN)/python -m benchmarks.footage
	$(BIN)/python -m benchmarks.thousand
	$(BIN)/python -m benchmarks.state
	$(BIN)/python -m benchmarks.lists

clean:  ## remove what was made here
	rm -rf .venv build dist mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .import_linter_cache
