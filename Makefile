# Everything that can be done here, one line of help each. `make` alone lists it.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

.PHONY: help build demo test lint advisories soak bench ci generate clean

help: ## list what can be done
	@sed -nE 's/^([a-z]+):.*## (.*)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

build: ## build the program as it is released
	cargo build --locked --release

demo: ## see the guard at work, without a cluster
	cargo run --locked --release -- demo

test: ## run every test
	cargo test --locked

lint: ## check format, lints, documentation, licences and duplicate dependencies
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps
	tools=$$(.ci/tools); PATH="$$tools:$$PATH" cargo deny --locked check bans licenses sources

advisories: ## check the dependencies against the advisory database, which is downloaded
	tools=$$(.ci/tools); PATH="$$tools:$$PATH" cargo deny --locked check advisories

soak: ## compare a million random draws, and as many inventories, with brute force; FIREBREAK_SEED repeats a run
	export FIREBREAK_CASES="$${FIREBREAK_CASES:-1000000}"; \
	export FIREBREAK_SEED="$${FIREBREAK_SEED:-$$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}"; \
	echo "FIREBREAK_CASES=$$FIREBREAK_CASES FIREBREAK_SEED=$$FIREBREAK_SEED"; \
	cargo test --locked --release --test main -- worst_case:: blast:: --nocapture

bench: ## measure how long reading and judging take
	cargo bench --locked --bench judge --bench readers

ci: ## do all that continuous integration does
	.ci/run

generate: ## rewrite what is generated and what tests expect, to be reviewed as a change
	UPDATE=1 cargo test --locked

clean: ## remove what was built
	cargo clean
