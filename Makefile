# rolecall. "make test" is what CI runs.

PREFIX  ?= /usr/local
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
# The same for all that is compiled but race tests: each package is compiled once.
ALIKE    = CGO_ENABLED=0 GOFLAGS="-trimpath $(GOFLAGS)"
TOOL     = $(ALIKE) go tool -modfile=tools/go.mod
PACKING  = $(ALIKE) go tool -modfile=tools/release.mod
RELEASE  = CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)"
# Programs for other systems are only built; those for Windows on amd64 the tests also run, under wine.
SYSTEMS  = windows/amd64 windows/arm64 darwin/amd64 darwin/arm64 linux/arm64
# Their tests are checked, too.
VETTED   = windows/amd64 darwin/arm64
# SQLite, C translated into Go, would double the time of tests that use it under the race detector. It can be left out
# because it compiles nothing of other packages, such as their generics: the linker takes one copy of that for all.
UNRACED  = modernc.org/sqlite/lib
RACE     = -race -gcflags=$(UNRACED)=-race=false
# A number of inputs: with a time, go test may fail as it ends in the middle of one (golang/go#75804).
FUZZTIME ?= 500000x
# Where a release goes, the page of the repository that it is published at, and the systems that it is for: else all.
OUT     ?= dist
URL     ?=
MAINTAINER ?=
ONLY    ?=
DIST     = CGO_ENABLED=0 go run -trimpath ./internal/tools/dist -version "$(VERSION)" -url "$(URL)" -maintainer "$(MAINTAINER)" \
	$(if $(ONLY),-systems "$(ONLY)") $(if $(DIRTY),-dirty)

.PHONY: help build install man site pictures test lint code workflows needs fmt unit dist redist publish bench proof fuzz mutants cover soak clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

build: ## build both programs into bin/
	$(RELEASE) -o bin/ ./cmd/...

install: build ## install both programs in $(PREFIX)/bin
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 0755 bin/rolecall bin/rolecall-process $(DESTDIR)$(PREFIX)/bin

man: ## write the manual pages into bin/man
	rm -rf bin/man
	VERSION="$(VERSION)" go run ./internal/tools/man bin/man

site: ## write the site into site/out
	rm -rf site/out
	VERSION="$(VERSION)" go run ./internal/tools/site site/out

pictures: needs ## write docs/pictures from what the tests see
	ROLECALL_PICTURES=1 go test -count=1 -run '^TestPictureOf|^TestHowThePagesLook$$' ./internal/e2e

test: ## check the code and run all tests
	# The first waits for the network, the second for the processor. Each system once: make lint builds for all.
	$(MAKE) -j2 needs code SYSTEMS="$(VETTED)"
	$(MAKE) workflows
	@mkdir -p bin && rm -f bin/not-run
	go build $(RACE) ./... # else the first tests, with their processes by the hundred, run beside the compiler
	! go tool nm $$(go list -export $(RACE) -f '{{.Export}}' $(UNRACED)) | grep ' T ' | grep -v -e ' $(UNRACED)\.' -e ' type:'
	# The slowest package first: all others run beside it.
	ROLECALL_REPORT="$(CURDIR)/bin/not-run" \
		go test $(RACE) -count=1 -parallel 6 -timeout 60m ./internal/e2e ./...; status=$$?; \
		cat bin/not-run 2>/dev/null; exit $$status
	$(MAKE) fuzz FUZZTIME=20000x

lint: code workflows ## formatting, vet, staticcheck and the rest of .golangci.yml, builds for other systems, workflows

# What is compiled for other systems serves a release, too.
OTHER = $(ALIKE) GOOS=$${system%/*} GOARCH=$${system\#*/}

code:
	@echo "== golangci-lint"; $(TOOL) golangci-lint run
	@for system in $(SYSTEMS); do echo "== build for $$system"; $(OTHER) go build -o /dev/null ./cmd/... || exit 1; done
	@for system in $(VETTED); do echo "== go vet for $$system"; $(OTHER) go vet ./... || exit 1; done

workflows: # with shellcheck, which needs installs
	@echo "== actionlint"; $(PACKING) actionlint

needs: ## check for the programs that the tests run, and install them on Debian
	@sh scripts/needs

unit: build ## what of the tests runs on every system: the packages' own, and the built program's demo
	go test -count=1 ./internal/...
	bin/rolecall version
	bin/rolecall demo

dist: ## build a release from this commit: make dist VERSION=v1.2.3 [OUT=dist] [URL=https://HOST/OWNER/rolecall]
	$(DIST) -out "$(OUT)"

redist: ## build the release in OUT once more, elsewhere and with nothing compiled before: it must be the same
	folder=$$(mktemp -d) && trap 'chmod -R u+w "$$folder"; rm -rf "$$folder"' EXIT && \
		git clone -q . "$$folder/checkout" && git -C "$$folder/checkout" checkout -q "$$(git rev-parse HEAD)" && \
		(cd "$$folder/checkout" && GOCACHE="$$folder/cache" $(DIST) -out "$$folder/again") && \
		diff -r "$(OUT)" "$$folder/again" && echo "equal, byte for byte"

publish: ## put the release in OUT onto GitHub as a draft, with its manifests as one archive
	tar -C "$(OUT)" -czf "$(OUT)/manifests.tar.gz" manifests
	awk '/^## /{n++} n==1' CHANGELOG.md | gh release create "$(VERSION)" --draft --verify-tag \
		$(if $(findstring -,$(VERSION)),--prerelease) --title "$(VERSION)" --notes-file - $$(find "$(OUT)" -maxdepth 1 -type f)

fmt: ## format the code
	$(TOOL) golangci-lint fmt

bench: build ## print the figures for docs/performance.md
	go test -run '^$$' -bench . -benchmem ./internal/...
	go run ./internal/tools/bench bin
	go run ./internal/tools/load bin
	go run ./internal/tools/load -scale bin
	go run ./internal/tools/load -serve bin

PROOF = go test -count=1 -timeout 90m -run "$$(go run ./internal/tools/proof -tests)" ./...
NOTES = $(CURDIR)/bin/proof

proof: needs ## run the attacks and faults that docs/proof.md lists, and write it
	@mkdir -p bin && rm -f "$(NOTES)"
	ROLECALL_PROOF="$(NOTES)" $(PROOF)
	go run ./internal/tools/proof "$(NOTES)" >bin/proof.md && mv bin/proof.md docs/proof.md

fuzz: ## run each fuzz target with FUZZTIME inputs
	@grep -rl --include='*_test.go' '^func Fuzz' internal | while read -r file; do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\).*/\1/p' $$file); do \
			echo "== $$target"; \
			$(ALIKE) go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) ./$$(dirname $$file) || exit 1; done; done

mutants: needs ## put small mistakes into the code, one at a time: a test must notice each
	go run ./internal/tools/mutants

COVER = $(CURDIR)/bin/cover

cover: needs ## count the statements that the tests run, a file a line, into bin/cover.txt
	@rm -rf "$(COVER)" && mkdir -p "$(COVER)"
	GOCOVERDIR="$(COVER)" go test -count=1 -timeout 60m ./internal/e2e
	go test -count=1 -cover -coverpkg=rolecall/... $$(go list ./internal/... | grep -v /e2e$$) \
		-args -test.gocoverdir="$(COVER)" >/dev/null
	go tool covdata textfmt -i="$(COVER)" -o bin/cover.profile
	go run ./internal/tools/cover bin/cover.profile >bin/cover.txt; status=$$?; tail -1 bin/cover.txt; exit $$status

soak: needs ## the same attacks and faults in large numbers, the mistakes, each fuzz target for FUZZTIME; writes docs/proof.md
	@mkdir -p bin && rm -f "$(NOTES)"
	ROLECALL_PROOF="$(NOTES)" ROLECALL_HOSTILE=all ROLECALL_ANSWERS=all ROLECALL_CRASH_ROUNDS=200 ROLECALL_KILLS=5000 \
		ROLECALL_EDIT_TIME=10m ROLECALL_ROUNDS_OF_50=200 ROLECALL_ROUNDS_OF_200=50 \
		$(PROOF)
	ROLECALL_PROOF="$(NOTES)" go run ./internal/tools/mutants
	$(MAKE) fuzz
	go run ./internal/tools/proof "$(NOTES)" >bin/proof.md && mv bin/proof.md docs/proof.md

clean: ## remove the built programs, releases and site
	rm -rf bin dist site/out
