# Everything a person types. The work is done by .ci/* and frontend/build; `make help` lists what there is.
.DEFAULT_GOAL := help
.PHONY: help setup run build site demo test lint fmt bench screenshots sqlx-prepare openapi clean

# Asked when a recipe runs, not before: set-up may only just have made the toolchain.
CARGO = $$(.ci/toolchain)
# `app` is compiled for the server (feature ssr, which `server` turns on) or for the browser (hydrate), never for both:
# so packages are named, and neither --workspace nor --all-features is ever used.
NATIVE = -p domain -p engine -p app -p server
LOCKED = $(if $(CI),--locked)
ARGS ?=

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 22

run: build ## Build what has changed and start the server (ARGS="--flag ...")
	exec target/release/countersign serve $(ARGS)

demo: build ## Build what has changed and start the server with demonstration data
	exec target/release/countersign demo $(ARGS)

setup:
	@.ci/setup

site: setup
	@frontend/build

build: site ## The release binary: target/release/countersign, with everything it serves inside
	@# The site first: the server carries it inside.
	$(CARGO) build $(LOCKED) --release -p server
	@.ci/place-binary

test: ## Every test there is: Rust, sizes, browser and HTTP journeys; ends with their counts
	@.ci/test

lint: setup ## Formatting, clippy for the server and for the browser, checked SQL
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(LOCKED) $(NATIVE) --all-targets -- -D warnings
	$(CARGO) clippy $(LOCKED) -p frontend --target wasm32-unknown-unknown -- -D warnings
	@.ci/sqlx-prepare --check

fmt: ## Format the Rust sources
	$(CARGO) fmt --all

openapi: ## Renew server/openapi.json after a change to the REST interface
	$(CARGO) run --quiet -p server --bin countersign -- openapi >server/openapi.json.new
	@mv server/openapi.json.new server/openapi.json

sqlx-prepare: setup ## Renew .sqlx after a change to a query or a migration
	@.ci/sqlx-prepare

bench: build ## Measure the gate and the pages against their goals
	end2end/bench/run $(ARGS)

screenshots: build ## Take the pictures of the console
	.ci/setup test
	cd end2end && node screenshots.mjs $(ARGS)

clean: ## Remove everything that was built here (not the caches outside)
	rm -rf target end2end/node_modules end2end/test-results end2end/playwright-report end2end/blob-report
