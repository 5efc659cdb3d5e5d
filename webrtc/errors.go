package webrtc

import "trackway/internal/domerr"

// Error is a DOMException, TypeError or RangeError: its Name tells which. Every
// error of this package is or wraps one, save those of a context.
type Error = domerr.Error

// The names of errors, for errors.Is.
const (
	ErrAbort               = domerr.Abort
	ErrInvalidAccess       = domerr.InvalidAccess
	ErrInvalidCharacter    = domerr.InvalidCharacter
	ErrInvalidModification = domerr.InvalidModification
	ErrInvalidState        = domerr.InvalidState
	ErrInvalidSyntax       = domerr.Syntax
	ErrNetwork             = domerr.Network
	ErrNotAllowed          = domerr.NotAllowed
	ErrNotFound            = domerr.NotFound
	ErrNotReadable         = domerr.NotReadable
	ErrNotSupported        = domerr.NotSupported
	ErrOperation           = domerr.Operation
	ErrOverconstrained     = domerr.Overconstrained
	ErrRange               = domerr.Range
	ErrType                = domerr.Type
	ErrUnknown             = domerr.Unknown
)

// ErrorDetailType is RTCErrorDetailType (webrtc-pc 11.1).
type ErrorDetailType string

// The error details.
const (
	ErrorDetailDataChannelFailure          ErrorDetailType = "data-channel-failure"
	ErrorDetailDTLSFailure                 ErrorDetailType = "dtls-failure"
	ErrorDetailFingerprintFailure          ErrorDetailType = "fingerprint-failure"
	ErrorDetailSCTPFailure                 ErrorDetailType = "sctp-failure"
	ErrorDetailSDPSyntaxError              ErrorDetailType = "sdp-syntax-error"
	ErrorDetailHardwareEncoderNotAvailable ErrorDetailType = "hardware-encoder-not-available"
	ErrorDetailHardwareEncoderError        ErrorDetailType = "hardware-encoder-error"
)

// RTCError is a DOMException of the name OperationError with details
// (webrtc-pc 11.1). errors.As finds it, and errors.Is finds its names.
type RTCError struct {
	// ErrorDetail says what failed.
	ErrorDetail ErrorDetailType
	// SDPLineNumber is the line of the description, from 1, where
	// ErrorDetail is sdp-syntax-error; nil otherwise.
	SDPLineNumber *int
	// SCTPCauseCode is the cause code of an SCTP abort, or nil.
	SCTPCauseCode *int
	// ReceivedAlert and SentAlert are DTLS alerts, or nil.
	ReceivedAlert, SentAlert *uint32
	// Message says what happened.
	Message string
	// Cause is the error underneath, or nil.
	Cause error
}

// Error gives "OperationError: detail: message".
func (e *RTCError) Error() string {
	s := string(domerr.Operation) + ": " + string(e.ErrorDetail)
	if e.Message != "" {
		s += ": " + e.Message
	}
	return s
}

// Is reports whether target is OperationError, the name of every RTCError.
func (e *RTCError) Is(target error) bool { return target == error(domerr.Operation) }

// Unwrap returns the cause.
func (e *RTCError) Unwrap() error { return e.Cause }
