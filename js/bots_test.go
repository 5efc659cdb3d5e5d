package js

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Every bot makes a call, with sound, and ends. TRACKWAY_BOTS says how many
// there are at once. Ten are what a busy machine manages with the race detector
// on: the bots that have not ended yet go on sending, and when the processors
// cannot keep up with that, connectivity checks time out and calls fail.
func TestBotsMakeCalls(t *testing.T) {
	n := 10
	if v, err := strconv.Atoi(os.Getenv("TRACKWAY_BOTS")); err == nil {
		n = v
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(60+n)*time.Second)
	defer cancel()
	var out bytes.Buffer
	err := Run(ctx, RunOptions{Script: "testdata/bot.mjs", Bots: n, Engine: engine, Stdout: &out, Stderr: &out})
	if err != nil {
		t.Errorf("%d bots: %v", n, err)
	}
	for i := range n {
		if line := fmt.Sprintf("bot %d is done\n", i); !strings.Contains(out.String(), line) {
			t.Errorf("bot %d did not finish", i)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
}
