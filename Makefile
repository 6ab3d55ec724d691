# What a first user and a developer type; `make` alone lists it.
# Needs node (20 or newer), npm and make. When node is older than 24.12, Node 24 comes from npm into .tools/, once.

PREFIX ?= $(HOME)/.local
export PATH := $(CURDIR)/.tools/bin:$(PATH)
MAKEFLAGS += --no-print-directory
NPM_FLAGS := --no-audit --no-fund --loglevel=error
PACKAGES := node_modules/.package-lock.json

.DEFAULT_GOAL := help
.PHONY: help demo install uninstall build test conformance bench lint format clean distclean node

help: ## This list
	@echo 'anamo: pilot-job worker for big ETL work on AWS'
	@echo
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name what; do \
	  printf '  make %-12s %s\n' "$$name" "$$what"; done

demo: $(PACKAGES) ## The whole main job on this machine, without AWS
	@exec node src/cli/main.ts demo

install: build ## Put `anamo` into PREFIX/bin (PREFIX is ~/.local when not given)
	@exec node scripts/install.ts "$(PREFIX)"

uninstall: ## Take it away again
	@if ! grep -qs 'Written by make install' "$(PREFIX)/bin/anamo"; then \
	  echo 'nothing to do: $(PREFIX)/bin/anamo is not there, or make install did not write it'; \
	else rm -rf "$(PREFIX)/lib/anamo" "$(PREFIX)/bin/anamo" && echo 'removed anamo from $(PREFIX)'; fi

build: $(PACKAGES) ## Compile src/ to dist/
	@npm run --silent build

test: $(PACKAGES) ## Types, lint, format, then all tests
	@echo 'checking types, lint and format, then running the tests …'
	@npm run --silent test

conformance: $(PACKAGES) ## The store on the real DynamoDB Local (needs Java 17)
	@npm run --silent conformance

bench: build ## What was measured, measured here: a table (8 minutes, BENCH_QUICK=1 for a tenth)
	@exec node bench/run.ts

lint: $(PACKAGES) ## Lint and check the format
	@npm run --silent lint

format: $(PACKAGES) ## Write every file in the house format
	@npm run --silent format

clean: ## Remove what was built
	rm -rf dist coverage *.tgz

distclean: clean ## Remove what was fetched, too (.tools, .conformance, node_modules)
	rm -rf .tools .conformance node_modules

# Runs each time, costs a node start; an order-only prerequisite, so that it does not make the packages look old.
node:
	@sh scripts/ensure-node.sh

# npm writes this file at the end of an install, so it is the stamp.
$(PACKAGES): package-lock.json | node
	@echo 'installing packages …'
	@npm ci $(NPM_FLAGS) >/dev/null && touch $@
