// Package interop holds the tests of this program against real browsers:
// Chromium and Firefox, each making the offer and each answering. They run
// with
//
//	make interop
//
// or with go test; where no browser is installed they are skipped, unless
// TRACKWAY_INTEROP=1 or CI=true says that one must be there.
package interop
