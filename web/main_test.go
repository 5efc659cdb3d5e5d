package web

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"trackway/webrtc"
)

// engine is shared by the connections of all tests, at both ends.
var engine *webrtc.Engine

func TestMain(m *testing.M) {
	var err error
	if engine, err = webrtc.NewEngine(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(testMain{m})
}

type testMain struct{ *testing.M }

// Run closes the engine, whose sockets are read by goroutines, after the tests.
func (m testMain) Run() int {
	code := m.M.Run()
	if err := engine.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}
