# The whole site: make run. Everything that is tested: make test. The work is done in
# scripts/ or in cargo; `flickr-killr up --help` explains every setting (UP='--listen 0.0.0.0:80').
#
# Cargo chooses the features of dependencies for all packages and targets of one command together. So every command, here
# and in scripts/, is one of two kinds: `--workspace --bins` for the programs that people run and measure, `--workspace`
# with tests, examples or benchmarks for the rest, where test-only features are on. With -p each dependency that differs
# would be built once more, 79 of them for the benchmarker alone.

UP ?=
TALK ?=
PEERS ?=
FRONT ?=
SITE ?= http://127.0.0.1:8080

.PHONY: run demo demo-peers test lint lighthouse screenshots bench bench-front cache-tests fresh install install-for-tests

run: install
	cargo build --release --workspace --bins
	exec target/release/flickr-killr up $(UP)

# The talk as a program: every version run, checked and measured; `demo talk --help` says what else.
demo: install
	cargo build --release --workspace --bins
	target/release/flickr-killr demo talk --markdown docs/results/talk.md --html docs/results/talk.html \
		--json docs/results/talk.json $(TALK)

test: install-for-tests lint
	cargo test --workspace

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --quiet --package accelerator --no-deps
	scripts/lint-dependencies

# Lighthouse on the pages of a running site (SITE=http://127.0.0.1:8080), and pictures of all its pages.
lighthouse screenshots:
	scripts/install chromium nodejs npm
	scripts/$@ $(SITE)

bench:
	cargo bench --workspace

# The 2007 talk's own stack beside ours, on the same machine and data (rungs/peers/README.md; PEERS='--help').
demo-peers: install
	scripts/install python3-venv
	cargo build --release --workspace --bins
	scripts/demo-peers $(PEERS)

# The suite of http-tests for HTTP caches against nginx.conf, memcached and the accelerator: a minute.
cache-tests:
	scripts/install nginx memcached nodejs npm
	scripts/cache-tests

# A copy of this clone in an awkward place, as root and as an ordinary user, from nothing to a clean stop.
# With what the tests were built of: another profile would build everything once more.
fresh: install
	scripts/install procps
	cargo build --workspace --all-targets
	scripts/fresh target/debug/flickr-killr

# The shipped nginx.conf beside Varnish, sendfile, proxy_cache, srcache and the textbook (FRONT='--blocks 4').
bench-front: install
	scripts/install varnish wrk
	-scripts/install libnginx-mod-http-memc libnginx-mod-http-set-misc libnginx-mod-http-srcache-filter
	scripts/bench-front $(FRONT)

install:
	scripts/install nginx memcached postgresql fcgiwrap

install-for-tests:
	scripts/install nginx memcached postgresql fcgiwrap chromium chromium-driver nodejs npm default-jre-headless \
		procps e2fsprogs
	scripts/npm-ci tests/browser
