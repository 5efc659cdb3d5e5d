package signaling

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"trackway/webrtc"
)

func TestMessagesOfAWebPage(t *testing.T) {
	mid, index, ufrag := "0", uint16(0), "abcd"
	for text, want := range map[string]Message{
		`{"description":{"type":"offer","sdp":"v=0\r\n"}}`: {Description: &webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: "v=0\r\n"}},
		`{"candidate":{"candidate":"candidate:1 1 udp 1 1.2.3.4 5 typ host","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"abcd"}}`: {
			Candidate: &webrtc.ICECandidateInit{Candidate: "candidate:1 1 udp 1 1.2.3.4 5 typ host", SDPMid: &mid, SDPMLineIndex: &index, UsernameFragment: &ufrag}},
		`{"candidate":{"candidate":"","sdpMid":null,"sdpMLineIndex":null}}`: {Candidate: &webrtc.ICECandidateInit{}},
		`{"candidate":null}`:               {},
		`{"app":{"op":"hello"},"later":1}`: {App: json.RawMessage(`{"op":"hello"}`)},
	} {
		got, err := ParseMessage([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: (-want +got)\n%s", text, d)
		}
	}
}

func TestBadMessages(t *testing.T) {
	for text, want := range map[string]string{
		``:                                "not JSON",
		`{"app":`:                         "not JSON",
		`{"app":1}}`:                      "not JSON",
		`[]`:                              "cannot be a JSON array",
		`null`:                            "not an object",
		`{}`:                              "exactly one of",
		`{"app":1,"candidate":null}`:      "exactly one of",
		`{"description":"offer"}`:         "cannot be a JSON string",
		`{"description":{"type":"nope"}}`: `type "nope"`,
		`{"description":{"type":"offer","sdp":7}}`:                         "description.sdp cannot be a JSON number",
		`{"candidate":{"candidate":"x","sdpMLineIndex":70000}}`:            "sdpMLineIndex",
		`{"app":"` + strings.Repeat("x", MaxMessage) + `"}`:                "too long",
		`{"description":{"type":"rollback"},"candidate":{"candidate":""}}`: "exactly one of",
	} {
		_, err := ParseMessage([]byte(text))
		var bad *MessageError
		if !errors.As(err, &bad) {
			t.Errorf("%.60s: got %v, want a MessageError", text, err)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: got %q, want it to say %q", text, err, want)
		}
	}
}

func FuzzParseMessage(f *testing.F) {
	for _, seed := range []string{
		`{"description":{"type":"offer","sdp":"v=0\r\n"}}`,
		`{"candidate":{"candidate":"candidate:1 1 udp 1 1.2.3.4 5 typ host","sdpMid":"0","sdpMLineIndex":0}}`,
		`{"candidate":null}`, `{"app":[1,2,{"x":"<&>"}]}`, `{"app":1,"description":{}}`, "{\"app\":\"\xff\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseMessage(data)
		if err != nil {
			if len(closeReason(err.Error())) > 123 || !utf8.ValidString(closeReason(err.Error())) {
				t.Errorf("the reason must fit a close frame: %q", err)
			}
			return
		}
		if m.Description == nil && m.Candidate == nil && m.App == nil {
			return
		}
		again, err := m.Marshal()
		if err != nil {
			t.Fatalf("what was read must be writable: %v", err)
		}
		back, err := ParseMessage(again)
		if err != nil {
			t.Fatalf("what was written must be readable: %v", err)
		}
		if d := cmp.Diff(m.Description, back.Description); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff(m.Candidate, back.Candidate); d != "" {
			t.Error(d)
		}
	})
}
