// Package seed runs the examples of MDN's page about addTrack, unmodified, in
// Trackway's JavaScript runtime: both ends of the call in one page. The numbers
// S11 to S14 and S17 are those of the project's list of the page's statements.
package seed

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trackway/js"
)

// scene puts examples on a stage: $name$ stands for the text of
// examples/name.js, which the page shows without its surroundings.
type scene struct {
	name, script string
}

var scenes = []scene{
	{"S11 S12 openCall without streams, ontrack collects into a stream of its own", `
const app = { $opencall-streamless$ };
const pc = callee;
$ontrack-inbound$
test('streamless tracks end up in the one inbound stream', async () => {
  await app.openCall(caller);
  assertEquals(caller.getSenders().length, 2, 'senders');
  await negotiate();
  assert(inboundStream, 'ontrack must have made a stream, since the tracks come without any');
  assert(videoElem.srcObject === inboundStream, 'the element shows that stream');
  assertEquals(kinds(inboundStream), 'audio,video');
  await Promise.all(inboundStream.getTracks().map(unmuted));
  hangUp();
});`},
	{"S12 S14 openCall with gumStream, ontrack uses the first stream", `
const app = { $opencall-stream$ };
const pc = callee;
$ontrack-inbound$
test('the remote stream is the one that the tracks were added with', async () => {
  await app.openCall(caller);
  await negotiate();
  assert(inboundStream === null, 'no stream of our own is needed');
  assertEquals(kinds(videoElem.srcObject), 'audio,video');
  hangUp();
});`},
	{"S13 ontrack with a stream for each track", `
const app = { $opencall-stream$ };
const pc = callee;
$ontrack-each$
test('tracks with a stream are shown in it', async () => {
  await app.openCall(caller);
  await negotiate();
  assertEquals(kinds(videoElem.srcObject), 'audio,video');
});
test('new MediaStream(track) is the page\'s slip: the constructor takes a stream or a list', async () => {
  await assertThrows(() => new MediaStream(caller.getSenders()[0].track), 'TypeError');
  hangUp();
});`},
	{"S14 associations follow direction changes and removeTrack", `
const app = { $opencall-stream$ };
const pc = callee;
$ontrack-destructured$
test('the remote stream loses and regains the tracks', async () => {
  await app.openCall(caller);
  await negotiate();
  const stream = videoElem.srcObject;
  assertEquals(kinds(stream), 'audio,video');
  const gone = [];
  stream.onremovetrack = e => gone.push(e.track.kind);
  const [sender] = caller.getSenders();
  const { track } = sender;
  const transceiver = caller.getTransceivers()[0];
  caller.removeTrack(sender);
  await negotiate();
  assertEquals(gone.join(), track.kind, 'removetrack events');
  assertEquals(stream.getTracks().length, 1, 'after removeTrack()');
  const back = new Promise(r => stream.onaddtrack = r);
  await sender.replaceTrack(track);
  transceiver.direction = 'sendrecv';
  await negotiate();
  assertEquals((await back).track.kind, track.kind, 'addtrack event');
  assertEquals(kinds(stream), 'audio,video', 'after the direction changed back');
  hangUp();
});`},
	{"S17 handleVideoOfferMsg", `
const previewElement = document.createElement('video');
test('the callee answers with its own camera', async () => {
  caller.addTransceiver('audio');
  caller.addTransceiver('video');
  await caller.setLocalDescription();
  const sdp = caller.localDescription;
  const pc = callee;
  const arrived = [];
  caller.ontrack = e => arrived.push(e);
  await (() => { $return handle-video-offer$ })();
  assertEquals(kinds(previewElement.srcObject), 'audio,video');
  assertEquals(pc.getTransceivers().map(t => t.direction).join(), 'sendrecv,sendrecv', 'the transceivers of the offer are reused');
  await pc.setLocalDescription(await pc.createAnswer());
  await caller.setRemoteDescription(pc.localDescription);
  assertEquals(arrived.length, 2, 'track events at the caller');
  assert(arrived[0].streams[0] === arrived[1].streams[0], 'both tracks are in one stream');
  assertEquals(arrived[0].streams[0].id, previewElement.srcObject.id, 'stream id');
  await Promise.all(arrived.map(e => unmuted(e.track)));
  hangUp();
});`},
}

// stage fills in the examples. "$return x$" returns the value of the example's
// last statement, the chain of promises that its reader is to continue.
func stage(t *testing.T, script string) string {
	t.Helper()
	drive, err := os.ReadFile("drive.js")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("examples/*.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(f), ".js")
		script = strings.ReplaceAll(script, "$"+name+"$", string(text))
		script = strings.ReplaceAll(script, "$return "+name+"$", strings.Replace(string(text), "\npc.setRemoteDescription", "\nreturn pc.setRemoteDescription", 1))
	}
	return string(drive) + script
}

func TestTheExamplesRunUnmodified(t *testing.T) {
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "scene.test.js")
			if err := os.WriteFile(file, []byte(stage(t, s.script)), 0o600); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			ok, err := js.Test(t.Context(), js.TestOptions{Files: []string{file}, Timeout: 30 * time.Second, Out: &out})
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				t.Errorf("the example does not do what the page says:\n%s", out.String())
			}
		})
	}
}
