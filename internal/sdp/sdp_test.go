package sdp

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseFields(t *testing.T) {
	s, err := Parse("v=0\no=- 1 2 IN IP4 127.0.0.1\ns=-\nb=CT:900\nt=0 0\na=group:BUNDLE a b\na=setup:actpass\na=x-session:1\n" +
		"m=video 9/2 UDP/TLS/RTP/SAVPF 96 97 0\r\ni=title\r\nc=IN IP4 0.0.0.0\r\nb=TIAS:1000\r\n" +
		"a=fmtp:97 apt=96\r\na=rtpmap:97 rtx/90000\r\na=rtcp-fb:96 nack pli\r\na=rtcp-fb:* transport-cc\r\na=rtpmap:96 VP8/90000\r\n" +
		"a=mid:a\r\na=extmap:3/sendonly urn:x attributes here\r\na=sendonly\r\na=msid:s t\r\na=msid:u\r\na=rid:q send pt=96\r\na=simulcast:send q,~r;s recv x\r\n" +
		"a=ssrc:7 cname:c d\r\na=ssrc-group:FID 7 8\r\na=candidate:1 1 UDP 5 192.0.2.1 9 typ host\r\na=end-of-candidates\r\na=fingerprint:SHA-256 ab:cd\r\na=x-flag\r\na=x-value:\r\n" +
		"m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=bundle-only\r\na=mid:b\r\na=sctp-port:5000\r\na=max-message-size:0")
	if err != nil {
		t.Fatal(err)
	}
	v, d := s.Media[0], s.Media[1]
	want := []Codec{
		{PayloadType: 96, Name: "VP8", ClockRate: 90000, Feedback: []string{"nack pli", "transport-cc"}},
		{PayloadType: 97, Name: "rtx", ClockRate: 90000, Fmtp: "apt=96", Feedback: []string{"transport-cc"}},
		{PayloadType: 0, Name: "PCMU", ClockRate: 8000, Feedback: []string{"transport-cc"}, Implicit: true},
	}
	for _, c := range []struct {
		name      string
		got, want any
	}{
		{"codecs, whatever the order of their attributes", v.Codecs, want},
		{"several msids", v.MSIDs, []MSID{{"s", "t"}, {"u", ""}}},
		{"simulcast", v.Simulcast, &Simulcast{
			Send: [][]SimulcastStream{{{"q", false}, {"r", true}}, {{"s", false}}}, Recv: [][]SimulcastStream{{{"x", false}}},
		}},
		{"extmap", v.Extmaps, []Extmap{{3, SendOnly, "urn:x", "attributes here"}}},
		{"fingerprint in its normal form", v.Transport.Fingerprints, []Fingerprint{{"sha-256", "AB:CD"}}},
		{"unknown attributes", v.Attributes, []Attribute{{"x-flag", "", true}, {"x-value", "", false}}},
		{"ssrc", v.SSRCs, []SSRCAttribute{{7, "cname", "c d"}}},
		{"ports", v.PortCount, 2},
		{"direction", s.DirectionOf(v), SendOnly},
		{"default direction", s.DirectionOf(d), SendRecv},
		{"inherited setup", s.TransportOf(d).Setup, "actpass"},
		{"bundle-only is not rejected", d.Rejected(), false},
		{"sctp", []int64{int64(d.SCTPPort), d.MaxMessageSize}, []int64{5000, 0}},
		{"groups", s.Group("BUNDLE"), []Group{{"BUNDLE", []string{"a", "b"}}}},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	again, err := Parse(s.String())
	if err != nil {
		t.Fatalf("what is printed does not parse: %v\n%s", err, s)
	}
	if again.String() != s.String() {
		t.Fatalf("printing is not stable:\n%s\n%s", s, again)
	}
}

func TestSyntaxErrors(t *testing.T) {
	const head = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
	const video = head + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
	for _, test := range []struct {
		text string
		line int
	}{
		{"", 1}, {"nonsense", 1}, {"v=1\r\n", 1}, {"o=- 1 2 IN IP4 0.0.0.0\r\n", 1}, {"v=0\r\ns=-\r\n", 2},
		{"v=0\r\no=- 1 IN IP4 0.0.0.0\r\n", 2}, {"v=0\r\no=- a b IN IP4 0.0.0.0\r\n", 2},
		{head + "s=-\r\n", 5}, {head + "y=\r\n", 5}, {head + "t=0\r\n", 5}, {head + "a=\r\n", 5}, {head + "a=group:\r\n", 5},
		{head + "a=setup:sideways\r\n", 5}, {head + "a=fingerprint:sha-256\r\n", 5}, {head + "a=fingerprint:sha-256 xyz\r\n", 5},
		{head + "m=video 9\r\n", 5}, {head + "m=video x UDP/TLS/RTP/SAVPF 96\r\n", 5}, {head + "m=video 9 UDP/TLS/RTP/SAVPF 128\r\n", 5},
		{video + "v=0\r\n", 6}, {video + "a=x\r\nc=IN IP4 0.0.0.0\r\n", 7}, {video + "c=x\r\n", 6}, {video + "b=x\r\n", 6},
		{video + "a=rtpmap:96\r\n", 6}, {video + "a=rtpmap:96 VP8\r\n", 6}, {video + "a=rtpmap:x VP8/90000\r\n", 6}, {video + "a=rtpmap:96 VP8/90000/x\r\n", 6},
		{video + "a=extmap:1\r\n", 6}, {video + "a=extmap:0 urn:x\r\n", 6}, {video + "a=extmap:1/up urn:x\r\n", 6},
		{video + "a=mid:\r\n", 6}, {video + "a=candidate:x\r\n", 6}, {video + "a=msid:\r\n", 6}, {video + "a=ssrc:x cname:y\r\n", 6},
		{video + "a=rid:q up\r\n", 6}, {video + "a=rid:q! send\r\n", 6}, {video + "a=simulcast:send\r\n", 6}, {video + "a=simulcast:send q send r\r\n", 6},
		{video + "a=ptime:x\r\n", 6}, {video + "a=sctp-port:65536\r\n", 6}, {video + "a=rtcp:x\r\n", 6}, {video + "a=x\x00y\r\n", 6},
	} {
		_, err := Parse(test.text)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%q: got %v, want a syntax error", test.text, err)
		} else if syntax.Line != test.line || syntax.Reason == "" {
			t.Errorf("%q: the error names line %d, want %d: %v", test.text, syntax.Line, test.line, err)
		}
	}
}

func TestCandidate(t *testing.T) {
	for _, text := range []string{
		"candidate:1 1 udp 2122260223 192.0.2.1 5000 typ host",
		"candidate:1 1 tcp 5 2001:db8::1 9 typ host tcptype active ufrag abcd",
		"candidate:a+/ 2 udp 1 9d2f.local 1 typ relay raddr 192.0.2.9 rport 7 ufrag x",
	} {
		c, err := ParseCandidate(text)
		if err != nil || c.String() != text {
			t.Errorf("%s: got %s, %v", text, c, err)
		}
	}
	if c, err := ParseCandidate("a=candidate:0 1 UDP 5 192.0.2.1 9 TYP host"); err == nil {
		t.Errorf("typ is a keyword: %v", c)
	}
	if c, err := ParseCandidate("0 1 UDP 5 192.0.2.1 9 typ srflx raddr 0.0.0.0 rport 0 generation 0 network-id 1 network-cost 10"); err != nil || c.Transport != "udp" || c.Type != "srflx" {
		t.Errorf("unknown extensions are skipped: %v, %v", c, err)
	}
}

// Split and the parts together are the whole.
func TestSplit(t *testing.T) {
	for _, text := range []string{"", "m=", "v=0\r\nm=a\r\nm=b", "v=0\nm=a\na=m=x\nm=b\n", "x\nm=\nm="} {
		head, sections := Split(text)
		if head+strings.Join(sections, "") != text {
			t.Errorf("%q is split into %q and %q", text, head, sections)
		}
		for _, s := range sections {
			if !strings.HasPrefix(s, "m=") {
				t.Errorf("%q: %q is no m-section", text, s)
			}
		}
	}
}

func fixtures(t testing.TB) map[string]string {
	out := map[string]string{}
	files, _ := filepath.Glob("../jsep/testdata/browsers/*.sdp")
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(file)] = string(b)
	}
	if len(out) == 0 {
		t.Fatal("there are no fixtures")
	}
	return out
}

// No line of a browser's description is lost, whatever its place.
func TestBrowserLinesSurvive(t *testing.T) {
	normal := strings.NewReplacer("a=simulcast: ", "a=simulcast:", "a=msid-semantic: ", "a=msid-semantic:", " UDP ", " udp ", " TCP ", " tcp ")
	for name, text := range fixtures(t) {
		s, err := Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		printed := "\n" + normal.Replace(s.String())
		for i, l := range strings.Split(normal.Replace(text), "\r\n") {
			if !strings.Contains(printed, "\n"+l+"\r\n") && l != "" {
				t.Errorf("%s: line %d is lost: %s", name, i+1, l)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range fixtures(f) {
		f.Add(text)
	}
	f.Add("v=0\no=- 1 2 IN IP4 0\ns=-\ni=x\nt=0 0\nr=1\nt=1 1\nm=audio 0 RTP/AVP 0 0\na=rtcp-fb:* x\na=simulcast:recv a;~b,c\na=rid:a recv")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Line < 1 {
				t.Fatalf("an error without a line: %v", err)
			}
			return
		}
		once := s.String()
		again, err := Parse(once)
		if err != nil {
			t.Fatalf("what is printed does not parse: %v\n%s", err, once)
		}
		if twice := again.String(); twice != once {
			t.Fatalf("printing is not stable:\n%q\n%q", once, twice)
		}
	})
}

func FuzzCandidate(f *testing.F) {
	f.Add("candidate:1 1 udp 2122260223 192.0.2.1 5000 typ host raddr 0.0.0.0 rport 0 tcptype so ufrag x generation 0")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCandidate(text)
		if err != nil {
			return
		}
		again, err := ParseCandidate(c.String())
		if err != nil || again != c {
			t.Fatalf("%q is read as %+v and then as %+v, %v", text, c, again, err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for name, text := range fixtures(b) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What is said of every codec is kept for each: a line many times would be many
// times that.
func TestFeedbackForEveryCodecIsBounded(t *testing.T) {
	const head = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\n"
	m, err := ParseMedia(head+strings.Repeat("a=rtcp-fb:* nack\r\n", 1000), 0)
	if err != nil || len(m.Codecs[0].Feedback) != 1 {
		t.Fatalf("a repeated line says nothing new: %+v, %v", m, err)
	}
	var many strings.Builder
	for i := range maxEveryFeedback + 1 {
		fmt.Fprintf(&many, "a=rtcp-fb:* x%d\r\n", i)
	}
	if _, err := ParseMedia(head+many.String(), 0); err == nil {
		t.Fatal("absurdly many are refused")
	}
}
