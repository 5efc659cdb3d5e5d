# Two commands matter:
#   go run ./cmd/trackway demo     the main job
#   make test                      install what the tests need, run all of them
.DEFAULT_GOAL := help
.PHONY: help test deps lint unit interop endurance fuzz bench curves cross conformance soak shaped

GO      ?= go
FUZZTIME ?= 10s
SOAK    ?= 10m
BENCHFLAGS ?=
# Debian's packages that the tests use: two browsers as peers, ffmpeg as the
# second opinion on the media files and codecs (both bring the libraries of
# codec/native), and a screen and a sound server to capture from.
PACKAGES := chromium firefox-esr ffmpeg xvfb pulseaudio
PROGRAMS := chromium firefox-esr ffmpeg ffprobe Xvfb pulseaudio

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

test: deps lint unit interop ## install what the tests need and run all of them

deps: ## install the browsers and ffmpeg with apt, where they are missing
	@missing=; for p in $(PROGRAMS); do command -v $$p >/dev/null || missing="$$missing $$p"; done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	echo "missing:$$missing; installing $(PACKAGES)"; \
	if ! command -v apt-get >/dev/null; then \
	  echo "no apt-get here: install $(PACKAGES) by hand, then run make test again" >&2; exit 1; fi; \
	sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	$$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $(PACKAGES)

lint: ## gofmt, go vet, staticcheck, and the house rules of internal/lint
	@out=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$out" ]; then echo "gofmt these:"; echo "$$out"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) test ./internal/lint

unit: ## every Go test but the browsers', with the race detector; what allocates, also without
	$(GO) test -race -timeout 15m $$($(GO) list ./... | grep -v /interop)
	$(GO) test -run Alloc $$(git grep -l AllocatesNothing -- '*_test.go' | xargs -n1 dirname | sort -u | sed 's|^|./|')

interop: deps ## headless Chromium and Firefox against this program
	TRACKWAY_INTEROP=1 $(GO) test -count=1 -timeout 15m ./interop/...

endurance: deps ## live media of 720p from and to both browsers, a minute each, without a freeze (a quiet machine)
	TRACKWAY_INTEROP=1 TRACKWAY_ENDURANCE=60s $(GO) test -count=1 -v -timeout 15m -run 'TestLiveMediaRunsEvenly|TestLipSync' ./interop

fuzz: ## each fuzz target for FUZZTIME (10s)
	@set -e; $(GO) list ./... | while read -r pkg; do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "== $$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$pkg; done; done

shaped: deps ## a minute of pictures to Chromium through a path whose rate, losses and delay change
	TRACKWAY_INTEROP=1 TRACKWAY_SHAPED=60s $(GO) test -count=1 -v -timeout 5m -run '^TestShapedPath$$' ./interop

soak: ## 300 connections, tracks added and removed at random for SOAK (10m)
	TRACKWAY_SOAK=$(SOAK) $(GO) test -count=1 -v -timeout 60m -run '^TestSoak$$' ./webrtc

bench: ## every row of the performance table, beside pion (six minutes; a quiet machine)
	cd bench && $(GO) run . $(BENCHFLAGS)

curves: ## the scaling curves of bench/README.md (three minutes; a quiet machine)
	cd bench && $(GO) run . -rounds 1 -rows curve >results/curves.txt && $(GO) run . -plot results/curves.txt

cross: ## compile for the systems that have no batched sockets
	@for os in darwin windows freebsd; do echo "GOOS=$$os"; GOOS=$$os $(GO) build ./... || exit 1; done

conformance: ## web-platform-tests against the committed baseline (WPT_DIR; three minutes)
	@test -n "$(WPT_DIR)" || { echo "set WPT_DIR to a checkout of web-platform-tests; see conformance/README.md" >&2; exit 2; }
	$(GO) run ./conformance/wpt -wpt "$(WPT_DIR)" -browsers "$(WPT_BROWSERS)" -baseline check -j 6
