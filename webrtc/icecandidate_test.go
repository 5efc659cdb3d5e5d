package webrtc

import (
	"encoding/json"
	"testing"

	"trackway/internal/domerr"
)

func TestICECandidateAttributesComeFromItsText(t *testing.T) {
	c, err := NewICECandidate(ICECandidateInit{
		Candidate: "candidate:842163049 1 udp 1677729535 198.51.100.7 46154 typ srflx raddr 10.0.0.5 rport 46155 generation 0 ufrag abcd network-cost 999",
		SDPMid:    new("0"), SDPMLineIndex: new(uint16(0)), UsernameFragment: new("abcd"),
	})
	if err != nil {
		t.Fatal(err)
	}
	check := func(name string, got, ok any, want any) {
		t.Helper()
		if got != want || ok != true {
			t.Errorf("%s: got %v (%v), want %v", name, got, ok, want)
		}
	}
	foundation, ok := c.Foundation()
	check("foundation", foundation, ok, "842163049")
	component, ok := c.Component()
	check("component", component, ok, ICEComponentRTP)
	priority, ok := c.Priority()
	check("priority", priority, ok, uint32(1677729535))
	address, ok := c.Address()
	check("address", address, ok, "198.51.100.7")
	port, ok := c.Port()
	check("port", port, ok, uint16(46154))
	protocol, ok := c.Protocol()
	check("protocol", protocol, ok, ICEProtocolUDP)
	typ, ok := c.Type()
	check("type", typ, ok, ICECandidateTypeSrflx)
	related, ok := c.RelatedAddress()
	check("relatedAddress", related, ok, "10.0.0.5")
	relatedPort, ok := c.RelatedPort()
	check("relatedPort", relatedPort, ok, uint16(46155))
	if _, ok := c.TCPType(); ok {
		t.Error("tcpType is null for UDP")
	}
}

func TestICECandidateIgnoresWhatItCannotParse(t *testing.T) {
	_, err := NewICECandidate(ICECandidateInit{Candidate: "candidate:1 1 udp 1 10.0.0.1 1 typ host"})
	wantError(t, err, domerr.Type, "neither sdpMid nor sdpMLineIndex")

	c, err := NewICECandidate(ICECandidateInit{Candidate: "nonsense", SDPMid: new("a")})
	if err != nil {
		t.Fatalf("any error on parsing the candidate attribute is ignored: %v", err)
	}
	if c.Candidate() != "nonsense" {
		t.Errorf("candidate holds the raw string, got %q", c.Candidate())
	}
	if _, ok := c.Foundation(); ok {
		t.Error("derived attributes of a malformed candidate are null")
	}
}

func TestICECandidateJSONIsWhatBrowsersExchange(t *testing.T) {
	c, err := NewICECandidate(ICECandidateInit{Candidate: "", SDPMid: new("audio"), UsernameFragment: new("u")})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"candidate":"","sdpMid":"audio","sdpMLineIndex":null,"usernameFragment":"u"}`
	if string(b) != want {
		t.Errorf("toJSON: got %s, want %s", b, want)
	}
	var init ICECandidateInit
	if err := json.Unmarshal([]byte(want), &init); err != nil || *init.SDPMid != "audio" || init.SDPMLineIndex != nil {
		t.Errorf("the JSON must read back: %+v %v", init, err)
	}
}
