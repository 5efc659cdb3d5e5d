package signaling

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"trackway/webrtc"
)

// MaxMessage is the size of the largest message in bytes. A description of a
// thousand m-sections fits.
const MaxMessage = 4 << 20

// Message is one message between the two ends. Exactly one field is set.
type Message struct {
	// Description is a local description of the sender's.
	Description *webrtc.SessionDescription
	// Candidate is a candidate of the sender's.
	Candidate *webrtc.ICECandidateInit
	// App is for the programs themselves; the session passes it through.
	App json.RawMessage
}

// MessageError is the error of a message that makes no sense.
type MessageError struct {
	// Reason says what is wrong.
	Reason string
	// Offset is where in the message, in bytes, or -1 where that is not one place.
	Offset int64
	// Excerpt is the message around the offset.
	Excerpt string
	// Cause is the error underneath, or nil.
	Cause error
}

// Error gives the reason, the place and the excerpt.
func (e *MessageError) Error() string {
	s := "signaling: bad message: " + e.Reason
	if e.Offset >= 0 {
		s += fmt.Sprintf(" at byte %d", e.Offset)
	}
	if e.Excerpt != "" {
		s += fmt.Sprintf(": %q", e.Excerpt)
	}
	return s
}

// Unwrap returns the cause.
func (e *MessageError) Unwrap() error { return e.Cause }

func badMessage(data []byte, offset int64, cause error, format string, args ...any) *MessageError {
	const around = 24
	from, to := max(0, min(int(offset), len(data))-around), min(len(data), max(0, int(offset))+around)
	return &MessageError{Reason: fmt.Sprintf(format, args...), Offset: offset, Excerpt: string(data[from:to]), Cause: cause}
}

// ParseMessage reads a message. The message has none of its fields set if it
// says {"candidate": null}, which is how a web page may put that it has no
// more candidates. The error is a *MessageError.
func ParseMessage(data []byte) (Message, error) {
	if len(data) > MaxMessage {
		return Message{}, badMessage(nil, -1, nil, "%d bytes are too long, at most %d", len(data), MaxMessage)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return Message{}, jsonError("the message", data, err)
	}
	if members == nil {
		return Message{}, badMessage(data, 0, nil, "not an object")
	}
	var m Message
	known := 0
	for name, value := range members {
		switch name {
		case "description":
			m.Description = new(webrtc.SessionDescription)
			if err := json.Unmarshal(value, m.Description); err != nil {
				return Message{}, jsonError(name, value, err)
			}
			switch m.Description.Type {
			case webrtc.SDPTypeOffer, webrtc.SDPTypeAnswer, webrtc.SDPTypePranswer, webrtc.SDPTypeRollback:
			default:
				return Message{}, badMessage(value, 0, nil, "a description of type %q", m.Description.Type)
			}
		case "candidate":
			if err := json.Unmarshal(value, &m.Candidate); err != nil {
				return Message{}, jsonError(name, value, err)
			}
		case "app":
			m.App = value
		default:
			continue // members of a later version
		}
		known++
	}
	if known != 1 {
		return Message{}, badMessage(data, 0, nil, "wants exactly one of description, candidate and app, has %d", known)
	}
	return m, nil
}

func jsonError(where string, data []byte, err error) *MessageError {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return badMessage(data, syntax.Offset, err, "not JSON (%v)", err)
	case errors.As(err, &kind):
		if kind.Field != "" {
			where += "." + kind.Field
		}
		return badMessage(data, kind.Offset, err, "%s cannot be a JSON %s", where, kind.Value)
	}
	return badMessage(data, -1, err, "%v", err)
}

// Marshal writes the message as JSON.
func (m Message) Marshal() ([]byte, error) {
	var v any
	switch {
	case m.Description != nil:
		v = struct {
			Description *webrtc.SessionDescription `json:"description"`
		}{m.Description}
	case m.Candidate != nil:
		v = struct {
			Candidate *webrtc.ICECandidateInit `json:"candidate"`
		}{m.Candidate}
	default:
		v = struct {
			App json.RawMessage `json:"app"`
		}{m.App}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // SDP has its share of < and &
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("signaling: writing a message: %w", err)
	}
	data := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if len(data) > MaxMessage {
		return nil, fmt.Errorf("signaling: a message of %d bytes is too long, at most %d", len(data), MaxMessage)
	}
	return data, nil
}
