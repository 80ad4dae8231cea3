# Each target is one command; nobody needs this file to understand the project.
GO ?= go
export CGO_ENABLED ?= 0

NODE_MODULES := e2e/node/node_modules/.package-lock.json

.PHONY: build demo test check race node bench bench-long sim soak editor fuzz golden docs tools help

build: ## build ./gatehouse, one static binary
	$(GO) build -trimpath -ldflags='-s -w' -o gatehouse ./cmd/gatehouse

demo: build ## run everything on sample data: gateway, authorization server, sample application
	./gatehouse demo

test: check race node ## all tests
	$(GO) test -count=1 -timeout 25m ./...
	cd deploy && $(GO) vet ./... && $(GO) test -count=1 ./...

race: ## tests of shared state with the race detector
	CGO_ENABLED=1 $(GO) test -race -short ./internal/gateway/... ./internal/am/... ./internal/jose/...
	CGO_ENABLED=1 GATEHOUSE_RACE=1 $(GO) test -race ./e2e -run 'TestFault(Upstream|Connect|ClientGone|AuthorizationServer|SigningKey|Certificate|Clock|Descriptors|Audit|Names)'

node: $(NODE_MODULES) ## npm packages of the end-to-end tests

$(NODE_MODULES): e2e/node/package-lock.json
	cd e2e/node && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

editor: ## internal/ui/js/editor.js, from internal/ui/editor
	cd internal/ui/editor && npm ci --no-audit --no-fund && npm run --silent bundle

check: ## format, vet, house rules
	@test -z "$$(gofmt -l cmd deploy docs internal e2e bench examples)" || { gofmt -l cmd deploy docs internal e2e bench examples; exit 1; }
	$(GO) vet ./...

lint: ## golangci-lint
	$(GO) tool -modfile=tools/go.mod golangci-lint run ./...

bench: build ## the table of docs/performance.md
	$(GO) run ./bench

bench-long: build ## the same with millions of tokens, for a quarter of an hour
	$(GO) run ./bench -long

SOAK ?= 20000000
soak: build ## issue 20 million short-lived tokens while the sweep runs; fails when disk, memory or latency grows
	$(GO) run ./bench -soak $(SOAK) $(SOAK_FLAGS)

SIM ?= --users 100000
sim: build ## replay the busiest hour of a day; SIM='--users 5000' has other flags, SIM=--help lists them
	$(GO) run ./bench/sim $(SIM)

golden: ## rewrite expected results; read the difference before you commit it
	$(GO) test ./internal/gateway -run TestBadConfigurations -update

fuzz: ## every fuzz target for half a minute
	@for t in $$(grep -rlE 'func Fuzz' --include=*_test.go internal | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -rhoE 'func Fuzz\w+' $$t/*_test.go | cut -c6-); do echo "$$t $$f"; $(GO) test -run='^$$' -fuzz="^$$f$$" -fuzztime=30s ./$$t || exit 1; done; done

docs: ## docs/reference, from the source
	$(GO) run ./docs/generate

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'
