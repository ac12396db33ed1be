# Everything that can be done here, one line of help each. `make` alone lists it.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

TARGET ?= cel
SECONDS ?= 60
OUT ?= target/image

.PHONY: help build image demo test test-cluster test-cluster-versions playground lint advisories soak fuzz bench bench-webhook ci generate clean

help: ## list what can be done
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 26

build: ## build the program as it is released
	cargo build --locked --release

# One static file. The paths of this machine are not in it, so that it is the same from every checkout;
# without musl's own compiler the C of the crypto library is built by the system's, for musl.
image: triple := $(shell uname -m)-unknown-linux-musl
image: ## build the static program that the image holds, into OUT (target/image)
	rustup target add $(triple)
	export RUSTFLAGS="--remap-path-prefix=$(CURDIR)=/firebreak --remap-path-prefix=$${CARGO_HOME:-$$HOME/.cargo}=/cargo"; \
	if ! command -v musl-gcc >/dev/null; then \
	  export TARGET_CC=cc TARGET_CFLAGS="-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=0"; \
	fi; \
	cargo build --locked --release --target $(triple) --target-dir target/static
	install -D -m 0755 target/static/$(triple)/release/firebreak $(OUT)/firebreak

demo: ## see the guard at work, without a cluster
	cargo run --locked --release -- demo

test: ## run every test
	cargo test --locked

test-cluster: ## run the tests on a real control plane, which is built with Go when it is first needed
	cargo test --locked --test cluster

test-cluster-versions: ## run them on the oldest and on the newest Kubernetes that the guard is for
	for version in v1.30.14 v1.36.3; do \
	  FIREBREAK_KUBERNETES=$$version cargo test --locked --test cluster; \
	done

playground: ## start a real control plane with the example cluster and firebreak in it, to try things in
	cargo test --locked --test cluster -- playground

lint: ## check format, lints, documentation, licences and duplicate dependencies
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps
	tools=$$(.ci/tools deny); PATH="$$tools:$$PATH" cargo deny --locked check bans licenses sources

advisories: ## check the dependencies against the advisory database, which is downloaded
	tools=$$(.ci/tools deny); PATH="$$tools:$$PATH" cargo deny --locked check advisories

soak: ## compare a million random draws, and as many inventories, with brute force (FIREBREAK_SEED repeats a run), and lose none of 100000 reviews
	export FIREBREAK_CASES="$${FIREBREAK_CASES:-1000000}"; \
	export FIREBREAK_SEED="$${FIREBREAK_SEED:-$$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}"; \
	echo "FIREBREAK_CASES=$$FIREBREAK_CASES FIREBREAK_SEED=$$FIREBREAK_SEED"; \
	cargo test --locked --release --test main -- worst_case:: blast:: --nocapture
	FIREBREAK_REVIEWS="$${FIREBREAK_REVIEWS:-100000}" cargo test --locked --test cluster -- restarts::

fuzz: ## feed TARGET (cel, inject) with whatever a fuzzer makes up, for SECONDS (60); needs a nightly compiler
	if ! cargo +nightly --version >/dev/null 2>&1; then echo "skipped: no nightly compiler"; exit 0; fi; \
	tools=$$(.ci/tools fuzz); mkdir -p target/fuzz/$(TARGET); \
	PATH="$$tools:$$PATH" cargo +nightly fuzz run $(TARGET) target/fuzz/$(TARGET) fuzz/corpus/$(TARGET) -- \
	  -dict=fuzz/$(TARGET).dict -max_len=4096 -timeout=10 -max_total_time=$(SECONDS)

bench: ## measure how long reading, judging and evaluating rules take
	cargo bench --locked --bench judge --bench readers --bench rules

bench-webhook: ## measure the webhook against a server that allows everything, its memory, and what it adds on a real control plane
	cargo bench --locked --bench webhook --bench memory
	cargo test --locked --release --test cluster -- startup
	cargo test --locked --release --test cluster -- latency

ci: ## do all that continuous integration does
	.ci/run

generate: ## rewrite what is generated and what tests expect, to be reviewed as a change
	UPDATE=1 cargo test --locked

clean: ## remove what was built
	cargo clean
