// Package domerr holds the one error type of Trackway: a DOMException, or one
// of the ECMAScript native errors that WebIDL operations may throw, as a Go
// error value.
//
// A caller tells errors apart by name:
//
//	if errors.Is(err, domerr.InvalidState) { … }
//
// The names are those of https://webidl.spec.whatwg.org/#idl-DOMException-error-names,
// plus TypeError and RangeError.
package domerr

import "fmt"

// Name is the name of a DOMException or of an ECMAScript native error. A Name
// is itself an error, so it serves as the target of errors.Is.
type Name string

// The names that the WebRTC and media-capture specifications use.
const (
	Abort               Name = "AbortError"
	Data                Name = "DataError"
	Encoding            Name = "EncodingError"
	InvalidAccess       Name = "InvalidAccessError"
	InvalidCharacter    Name = "InvalidCharacterError"
	InvalidModification Name = "InvalidModificationError"
	InvalidState        Name = "InvalidStateError"
	Network             Name = "NetworkError"
	NotAllowed          Name = "NotAllowedError"
	NotFound            Name = "NotFoundError"
	NotReadable         Name = "NotReadableError"
	NotSupported        Name = "NotSupportedError"
	Operation           Name = "OperationError"
	Overconstrained     Name = "OverconstrainedError"
	Syntax              Name = "SyntaxError"
	Timeout             Name = "TimeoutError"
	Unknown             Name = "UnknownError"
	Range               Name = "RangeError"
	Type                Name = "TypeError"
)

// Error returns the name itself.
func (n Name) Error() string { return string(n) }

// Error is a DOMException or native error with its cause, if there is one.
type Error struct {
	// Name says which exception this is; errors.Is compares it.
	Name Name
	// Message says what went wrong and what to do about it.
	Message string
	// Cause is the error underneath, or nil.
	Cause error
}

// New returns an error of the given name. The message is formatted as by
// fmt.Sprintf; to wrap a cause use Wrap.
func New(name Name, format string, args ...any) *Error {
	return &Error{Name: name, Message: fmt.Sprintf(format, args...)}
}

// Wrap is New with a cause, which errors.Is and errors.As see through.
func Wrap(cause error, name Name, format string, args ...any) *Error {
	return &Error{Name: name, Message: fmt.Sprintf(format, args...), Cause: cause}
}

// Error gives "Name: message: cause".
func (e *Error) Error() string {
	s := string(e.Name)
	if e.Message != "" {
		s += ": " + e.Message
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Is reports whether target is this error's Name.
func (e *Error) Is(target error) bool {
	n, ok := target.(Name)
	return ok && n == e.Name
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }
