package domerr

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestErrorIsItsNameAndItsCause(t *testing.T) {
	err := fmt.Errorf("offer: %w", Wrap(io.ErrUnexpectedEOF, Syntax, "line %d ends early", 3))
	if !errors.Is(err, Syntax) {
		t.Error("an error must be found by its DOMException name")
	}
	if errors.Is(err, InvalidState) {
		t.Error("an error must not be found by another name")
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("an error must be found by its cause")
	}
	if got, want := err.Error(), "offer: SyntaxError: line 3 ends early: unexpected EOF"; got != want {
		t.Errorf("message: got %q, want %q", got, want)
	}
}
