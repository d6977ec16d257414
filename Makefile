# chainlab: `make` shows what there is.

SHELL := /bin/bash
BUILD := .build
BIN := $(BUILD)/release
# Checking at run time that accesses to the variables of a class are exclusive costs time on each request.
# `make clean test EXCLUSIVITY=checked` builds and tests with it.
EXCLUSIVITY ?= unchecked
SWIFT_FLAGS := -c release --scratch-path $(BUILD) -Xswiftc -enforce-exclusivity=$(EXCLUSIVITY)
# For `make test` in parts: make test TESTS='--filter TraceLogTests'
TESTS ?=
SERVICE ?=
MODE ?=
PART ?=
# Some of them: make containers PHASES='image one'
PHASES ?=
# Connections to each port, and the number of the first: make fuzz COUNT=10000000
COUNT ?= 100000
FIRST ?= 1

.PHONY: help setup build tests up status down demo test check storm fuzz sanitize bench accept containers see screenshot fmt clean mode trace threads

help: ## show this
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install the Debian packages that are missing
	@scripts/setup

build: setup ## build the programs
	@scripts/build $(SWIFT_FLAGS)

# In the same configuration, so that nothing is built twice.
tests:
	@scripts/setup tests
	@scripts/build $(SWIFT_FLAGS) --build-tests

up: build ## launch the chain; on a running one, say so
	@bin/chainlab up

status: build ## IO model, threads, memory and faults of each service
	@bin/chainlab status

down: build ## stop the chain
	@bin/chainlab down

demo: build ## play the cascade in about a minute, on a chain of its own if none runs
	@scripts/demo

mode: build ## switch a service: make mode SERVICE=order-service MODE=blocking
	@bin/chainlab mode "$(SERVICE)" "$(MODE)"

trace: build ## the latest traces
	@bin/chainlab trace list

threads: build ## who waits for whom, across processes
	@bin/chainlab threads

test: tests ## run the tests, drive the page in a browser, and count the instructions of a request
	@scripts/run-tests $(SWIFT_FLAGS) $(TESTS)
ifeq ($(TESTS)$(EXCLUSIVITY),unchecked)
	@nice scripts/count-instructions & count=$$!; scripts/see-page quick; page=$$?; wait $$count && exit $$page
endif

storm: tests ## the long proofs: kills, random changes, full disks, damaged logs, at full size (about half an hour)
	@CHAINLAB_STORM=1 scripts/run-tests $(SWIFT_FLAGS) --filter 'Storm'
	@scripts/storm

fuzz: tests ## damaged requests against a service port, a control port and the page's: make fuzz COUNT=1000000
	@CHAINLAB_FUZZ=$(COUNT) CHAINLAB_FUZZ_SEED=$(FIRST) scripts/run-tests $(SWIFT_FLAGS) --filter RequestFuzz

sanitize: ## the event loop's and the services' tests under AddressSanitizer and ThreadSanitizer
	@scripts/setup tests
	@scripts/sanitize

bench: build ## what the lab costs, beside its targets and other chains; in parts: make bench PART=throughput
	@bin/chainlab bench $(PART)

accept: build ## third-party programs read exports, metrics and deployments, and send requests; needs root and the network
	@scripts/accept-exports
	@scripts/accept-clients
	@scripts/accept-service
	@scripts/accept-deploy
	@scripts/hosts --agents --delay '1:0.3'
	@scripts/hosts --agents --delay 'out=1:0.3 back=0.5:0.3'
	@scripts/hosts --agents --delay 'out=1:0.3:1 back=0.5:0.3:1'
	@scripts/hosts --kills 20
	@scripts/containers lint

containers: ## build the image without a registry and try it: alone, with compose, as pods; needs root and the network
	@scripts/containers $(PHASES)

see: build ## drive the page in a real browser; needs the network. Also: scripts/see-page bench
	@scripts/see-page

screenshot: build ## redo the pictures in the README
	@scripts/see-page screenshot docs

check: ## map, formatting, limits: without a build; each guard is shown to fail when broken
	@scripts/check
	@scripts/check --selftest
	@scripts/count-instructions --selftest

fmt: ## format the sources
	@swift format -i -r -p Package.swift Sources Tests

clean: ## remove what was built; runs/ stays
	rm -rf $(BUILD)
