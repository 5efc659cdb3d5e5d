package web

import (
	"trackway/media"
	"trackway/signaling"
)

// What page and program tell each other in app messages, besides negotiating.

// command is what the page asks for.
type command struct {
	// Op is add, again, remove, stop, streams, hold, echo, record, restart or ping.
	Op string `json:"op"`
	// Source is for add: an identifier of hello's.
	Source string `json:"source"`
	// Sender is for again, remove, stop, streams and hold: a key of state's.
	Sender string `json:"sender"`
	// Streams is for add and streams: names of streams.
	Streams []string `json:"streams"`
	// Mid is for record.
	Mid string `json:"mid"`
	// On is for hold, echo and record.
	On bool `json:"on"`
	// T is for ping: the page's clock, in ms since 1970.
	T float64 `json:"t"`
}

// hello is the first message to the page.
type hello struct {
	Op      string       `json:"op"`
	Polite  bool         `json:"polite"` // whether the page is the polite end
	Sources []sourceInfo `json:"sources"`
	Streams []streamInfo `json:"streams"`
	Record  bool         `json:"record"`
}

type sourceInfo struct {
	ID     string     `json:"id"`
	Name   string     `json:"name"`
	Kind   media.Kind `json:"kind"`
	Codec  string     `json:"codec"`
	Detail string     `json:"detail"`
}

type streamInfo struct {
	Name string `json:"name"`
	ID   string `json:"id"`
}

// state is what the program knows of the call; it is sent whenever it changes.
type state struct {
	Op        string          `json:"op"`
	Signaling string          `json:"signaling"`
	Echo      bool            `json:"echo"`
	Senders   []senderState   `json:"senders"`
	Receivers []receiverState `json:"receivers"`
	Echoes    []echoInfo      `json:"echoes"`
}

type senderState struct {
	Key       string     `json:"key"`
	Name      string     `json:"name"`
	Kind      media.Kind `json:"kind"`
	Mid       *string    `json:"mid"`
	Streams   []string   `json:"streams"`
	StreamIDs []string   `json:"streamIds"`
	Direction string     `json:"direction"`
	Current   *string    `json:"current"`
	// Idle is after removeTrack, Held while the direction forbids to send.
	Idle    bool `json:"idle"`
	Held    bool `json:"held"`
	Stopped bool `json:"stopped"`
	// Sending is whether the negotiated direction sends.
	Sending bool `json:"sending"`
	Echo    bool `json:"echo"`
}

type receiverState struct {
	Mid       string     `json:"mid"`
	Kind      media.Kind `json:"kind"`
	StreamIDs []string   `json:"streamIds"`
	Muted     bool       `json:"muted"`
	Recording string     `json:"recording"`
}

// echoInfo says which stream of the program's echoes which of the page's.
type echoInfo struct {
	ID string `json:"id"`
	Of string `json:"of"`
}

// event is a line for the timeline.
type event struct {
	Op     string `json:"op"`
	T      int64  `json:"t"` // ms since 1970
	Name   string `json:"name"`
	Detail string `json:"detail"`
	// Act marks what the program did, Minor what is hidden at first.
	Act     bool         `json:"act,omitempty"`
	Minor   bool         `json:"minor,omitempty"`
	Tone    string       `json:"tone,omitempty"`
	Message *messageMark `json:"message,omitempty"`
}

// messageMark lets the page draw a description on its way: the n-th that went
// that way, "down" to the page or "up" to the program.
type messageMark struct {
	Way     string `json:"way"`
	N       int    `json:"n"`
	Start   bool   `json:"start"`
	Type    string `json:"type"`
	Ignored bool   `json:"ignored"`
}

type pong struct {
	Op   string  `json:"op"`
	Sent float64 `json:"sent"`
	T    float64 `json:"t"`
}

type failure struct {
	Op      string `json:"op"`
	Message string `json:"message"`
}

// stepName is what the timeline calls a step of the negotiation.
func stepName(s signaling.Step) string {
	if s.Description != nil {
		return string(s.Description.Type)
	}
	return string(s.Kind)
}
