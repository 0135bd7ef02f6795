# Targets of the contract: run, test, check, bench, assets, help.
# What they need they set up first; see scripts/setup.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# Without a readable repository (an archive, another owner) Go must not look for one.
BUILDVCS := $(shell git status >/dev/null 2>&1 && echo auto || echo false)
GOFILES = $(shell git -c safe.directory='*' ls-files --cached --others --exclude-standard '*.go' ':!*_templ.go')

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: ## run Postern with a simulated AWS beside it
	@scripts/setup run
	@$(MAKE) --no-print-directory build
	bin/console demo $(ARGS)

.PHONY: build
build: generate ## build bin/console
	CGO_ENABLED=0 go build -buildvcs=$(BUILDVCS) -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/console ./cmd/console

.PHONY: test
test: generate ## set up what is missing, then run every test, browser tests included
	@scripts/setup test
	scripts/test

.PHONY: test-all
test-all: generate ## the same, and of the slow tests everything in place of a sample
	@scripts/setup test
	TEST_ALL=1 scripts/test

.PHONY: check
check: ## generate, format, lint, dependency floors; fails when a file would change
	@scripts/setup check
	scripts/check

.PHONY: bench
bench: ## run the benchmarks
	@scripts/setup run
	@scripts/setup-peers slapd || echo "Without slapd the benchmarks of LDAP are skipped."
	REQUIRE_DB=1 go test -run '^$$' -bench . -benchmem ./...

.PHONY: drill
drill: generate ## real faults under a Postern in use: what is lost, done twice, refused meanwhile (make drill ARGS=Hangs: one of them)
	@scripts/setup run
	@scripts/setup-peers drill || echo "Without Patroni and etcd the drill of a fail-over is skipped."
	scripts/drill $(ARGS)

.PHONY: fuzz
fuzz: generate ## run each fuzz target for FUZZTIME (30s)
	scripts/fuzz

.PHONY: mutate
mutate: generate ## change the code in small ways and print what no test notices: make mutate ARGS="sso crowd"
	scripts/mutate $(ARGS)

.PHONY: lighthouse
lighthouse: build ## measure the main pages with Lighthouse (from npm, fetched when needed)
	@scripts/setup test
	scripts/lighthouse

.PHONY: screenshots
screenshots: generate ## take the pictures of README and guide anew, with a browser
	@scripts/setup test
	scripts/screenshots

.PHONY: vuln
vuln: ## look for known vulnerabilities in what is linked; needs the network
	scripts/vuln

.PHONY: notice
notice: ## write NOTICE: the licences of what is linked and vendored
	go run -C tools ./notice >NOTICE.new && mv NOTICE.new NOTICE

.PHONY: release
release: generate ## make archives, images, Debian packages, chart, lists of parts and checksums in dist
	rm -rf dist
	go run -C tools/release . $(if $(filter command line environment,$(origin VERSION)),-version "$(VERSION)")

.PHONY: assets
assets: ## copy the page's style sheet and script from npm to web/static/vendor
	@scripts/setup assets
	scripts/assets

.PHONY: generate
generate: ## write Go code from the templates
	@"$$(scripts/tool templ)" generate -log-level warn

.PHONY: fmt
fmt: ## format Go files and templates
	gofmt -w $(GOFILES)
	"$$(scripts/tool templ)" fmt -log-level warn templates

.PHONY: lint
lint: ## run the linter only
	"$$(scripts/tool golangci-lint)" run

.PHONY: setup
setup: ## install what the other targets need
	@scripts/setup test
	@scripts/tool templ
	@scripts/tool golangci-lint

.PHONY: clean
clean: ## remove what was built; data and tools stay
	rm -rf bin dist test-results
