# rolecall. "make test" is what CI runs.

PREFIX  ?= /usr/local
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
TOOL     = go tool -modfile=tools/go.mod
RELEASE  = CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)"
# Programs for other systems are only built; those for Windows on amd64 the tests also run, under wine.
SYSTEMS  = windows/amd64 windows/arm64 darwin/amd64 darwin/arm64 linux/arm64
# Their tests are checked, too.
VETTED   = windows/amd64 darwin/arm64
FUZZTIME ?= 60s

.PHONY: help build install test lint needs fmt bench soak clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

build: ## build both programs into bin/
	$(RELEASE) -o bin/ ./cmd/...

install: build ## install both programs in $(PREFIX)/bin
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 0755 bin/rolecall bin/rolecall-process $(DESTDIR)$(PREFIX)/bin

test: needs lint ## check the code and run all tests
	@mkdir -p bin && rm -f bin/not-run
	ROLECALL_REPORT="$(CURDIR)/bin/not-run" go test -race -count=1 -timeout 15m ./...; status=$$?; \
		cat bin/not-run 2>/dev/null; exit $$status

lint: ## formatting, vet, staticcheck and the rest of .golangci.yml, and builds for the other systems
	@echo "== golangci-lint"; $(TOOL) golangci-lint run
	@for system in $(SYSTEMS); do echo "== build for $$system"; \
		CGO_ENABLED=0 GOOS=$${system%/*} GOARCH=$${system#*/} go build -o /dev/null ./cmd/... || exit 1; done
	@for system in $(VETTED); do echo "== go vet for $$system"; \
		CGO_ENABLED=0 GOOS=$${system%/*} GOARCH=$${system#*/} go vet ./... || exit 1; done

needs: ## check for the programs that the tests run, and install them on Debian
	@sh scripts/needs

fmt: ## format the code
	$(TOOL) golangci-lint fmt

bench: build ## print the figures for docs/performance.md
	go test -run '^$$' -bench . -benchmem ./internal/...
	go run ./internal/tools/bench bin
	go run ./internal/tools/load bin
	go run ./internal/tools/load -scale bin

soak: ## kill -9 under writes (200 rounds), ten minutes of other editors, all hostile names in all pages, each fuzz target for FUZZTIME
	ROLECALL_HOSTILE=all go test -count=1 -timeout 30m -run TestHostileNamesInPages ./internal/e2e
	ROLECALL_CRASH_ROUNDS=200 go test -count=1 -v -timeout 30m -run TestNoAcknowledgedWriteIsLost ./internal/e2e
	ROLECALL_EDIT_TIME=10m go test -count=1 -v -timeout 30m -run TestAppliesAndEditorsLoseNothing ./internal/e2e
	@grep -rl --include='*_test.go' '^func Fuzz' internal | while read -r file; do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\).*/\1/p' $$file); do \
			echo "== $$target"; \
			go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) ./$$(dirname $$file) || exit 1; done; done

clean: ## remove the built programs
	rm -rf bin
