package interop

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"trackway/container/webm"
	"trackway/internal/ffprobe"
	"trackway/interop/browser"
	"trackway/media/pattern"
)

// The demo's page, opened in each browser: it connects, shows what the program
// sends, brings back what the page sends, and its buttons work.
func TestDemoPage(t *testing.T) {
	eachKind(t, func(t *testing.T, kind browser.Kind) {
		for _, polite := range []string{"true", "false"} {
			t.Run("page polite "+polite, func(t *testing.T) {
				h := enter(t, kind, "", browser.Options{})
				ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
				defer cancel()
				f, err := h.browser.Open(ctx, "/demo/?polite="+polite)
				if err != nil {
					t.Fatal(err)
				}
				d := demo{t, ctx, f}
				defer func() {
					closing, cancel := context.WithCancel(context.WithoutCancel(ctx))
					defer cancel()
					if err := f.Close(closing); err != nil {
						t.Error(err)
					}
				}()
				d.usePage(h)
			})
		}
	})
}

// demo drives the page through what a visitor sees.
type demo struct {
	*testing.T
	ctx   context.Context
	frame *browser.Frame
}

// pageTools are for the page's scripts: waiting, pressing buttons by their
// names and reading the picture. The page's own policy forbids foreign code, so
// that they run in the harness and reach in.
const pageTools = `
	const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
	const until = async (what, condition, ms = 15000) => {
		for (const end = performance.now() + ms; performance.now() < end; await sleep(20)) {
			const v = condition();
			if (v) return v;
		}
		const log = [...document.querySelectorAll("#rows li")].slice(-12).map((li) => li.className + " " + li.title);
		throw new Error("waited in vain: " + what + "\n" + document.getElementById("fact-agree").textContent + ": " + document.getElementById("fact-agree").title + "\n" + log.join("\n"));
	};
	const find = (selector, name) => [...document.querySelectorAll(selector)].find((b) => b.textContent.trim() === name && !b.disabled);
	const press = async (selector, name) => (await until("the button " + name, () => find(selector, name))).click();
	const stream = (title) => [...document.querySelectorAll(".stream")].find((s) => s.querySelector("h2").textContent === title);
	// Nothing happened for a while: what was asked for is negotiated.
	const settle = async () => {
		for (let n = -1; n !== document.querySelectorAll("#rows li").length; await sleep(250)) n = document.querySelectorAll("#rows li").length;
	};
	const agree = async (n) => await settle() || until("both ends agree on " + n + " tracks", () => document.getElementById("fact-agree").textContent.startsWith("agree on " + n + " "));
	const saw = (end, name) => [...document.querySelectorAll("#rows li." + end)].some((li) => li.title.includes(name));
	const pixel = (video, x, y) => {
		const canvas = document.createElement("canvas");
		canvas.width = canvas.height = 5;
		const g = canvas.getContext("2d");
		g.drawImage(video, x * video.videoWidth - 2.5, y * video.videoHeight - 2.5, 5, 5, 0, 0, 5, 5);
		return [...g.getImageData(2, 2, 1, 1).data].slice(0, 3);
	};
`

func (d demo) do(out any, code string, args browser.Args) {
	d.Helper()
	if err := d.frame.Eval(d.ctx, out, pageTools+code, args); err != nil {
		d.Fatalf("on the page: %v", err)
	}
}

func (d demo) usePage(h *house) {
	d.do(nil, `await until("connected", () => document.getElementById("signal").dataset.tone === "clear" && document.querySelector("#program .source"))`, nil)

	// The program's picture and tone, in stream A.
	red := pattern.Blocks[0]
	var pixel [3]int
	d.do(&pixel, `
		await press("#program .source", "Camera 1");
		await press("#program .source", "Tone");
		await agree(2);
		const video = await until("the picture", () => stream("Stream A")?.querySelector("video"));
		await until("its size", () => video.videoWidth === 640);
		await sleep(300);
		return pixel(video, args.x, args.y);`, browser.Args{"x": red.X + red.W/2, "y": red.Y + red.H/2})
	if want := [3]int{int(red.R), int(red.G), int(red.B)}; !near(pixel, want, 40) {
		d.Errorf("the red block of the program's picture must be %v on the page, is %v", want, pixel)
	}

	// The page's picture comes back, in an echo of its own stream.
	d.do(&pixel, `
		const chips = [...document.querySelectorAll("#local .picker .line")];
		chips[0].click();
		chips[1].click();
		await press("#local .source", "Test card");
		await agree(4);
		const video = await until("the echo", () => stream("Echo of your stream B")?.querySelector("video"));
		await until("its size", () => video.videoWidth > 0);
		await sleep(500);
		return pixel(video, 0.5, 0.3);`, nil)
	if want := [3]int{0x20, 0xc0, 0x40}; !near(pixel, want, 60) {
		d.Errorf("the green bar of the page's test card must come back as %v, is %v", want, pixel)
	}

	// The program writes it to a file.
	d.do(nil, `
		await press("#local .row button", "Record");
		await until("recording", () => saw("program", "record:"));
		await sleep(700);
		await press("#local .row button", "End recording");
		await until("recorded", () => saw("program", "recorded:"));`, nil)
	d.wantRecording(h.recordings)

	// Grouping: the program's picture in A and C, then in no stream.
	d.do(nil, `
		const chip = (name) => [...document.querySelectorAll("#program .row")].find((r) => r.textContent.includes("Camera 1")).querySelector(".line[data-line=" + name + "]");
		chip("C").click();
		await until("two streams", () => stream("Stream A") && stream("Stream C"));
		await agree(4);
		await until("settled", () => chip("C").getAttribute("aria-pressed") === "true");
		chip("C").click();
		await until("one stream", () => !stream("Stream C"));
		await until("settled", () => chip("C").getAttribute("aria-pressed") === "false");
		chip("A").click();
		await until("no stream", () => stream("Without a stream"));
		await agree(4);`, nil)

	// Hold, resume, remove, add again, stop; at both ends.
	d.do(nil, `
		for (const side of ["#program", "#local"]) {
			const row = side + " .row button";
			const before = side === "#program" ? 3 : 2;
			await press(row, "Hold");
			await agree(before);
			await press(row, "Resume");
			await agree(4);
			await press(row, "Remove");
			await agree(before);
			await press(row, "Add again");
			await agree(4);
			await press(row, "Remove");
			await agree(before);
			await press(row, "Stop");
			await agree(before);
			if (side === "#program") {
				await press("#program .source", "Camera 1");
				await agree(4);
			}
		}
		for (const [end, name] of [["program", "negotiationneeded"], ["page", "negotiationneeded"], ["page", "track"], ["program", "track"],
				["page", "mute"], ["program", "mute"], ["page", "unmute"], ["page", "removetrack"], ["program", "connectionstatechange"]]) {
			if (!saw(end, name)) throw new Error("the timeline must show " + name + " of the " + end);
		}`, nil)

	// ICE restarts of both ends leave the call as it is.
	d.do(nil, `
		await press("#program button", "Restart ICE");
		await until("the program's restart", () => saw("program", "RestartICE()"));
		await agree(2);
		await press(".actions button", "Restart ICE");
		await until("this restart", () => saw("page", "restartIce()"));
		await agree(2);
		await until("connected", () => /connected|completed/.test(document.getElementById("fact-ice").textContent));
		if (!document.getElementById("notice").hidden) throw new Error("a notice: " + document.getElementById("notice").textContent);
		await press(".actions button", "Hang up");
		await until("closed", () => document.getElementById("signal-word").textContent === "closed");`, nil)
}

// wantRecording checks that a WebM file with frames was written.
func (d demo) wantRecording(dir string) {
	d.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.webm"))
	if err != nil || len(names) == 0 {
		d.Fatalf("a recording must be in %s: %v", dir, err)
	}
	name := names[len(names)-1]
	file, err := os.Open(name)
	if err != nil {
		d.Fatal(err)
	}
	defer file.Close()
	defer os.Remove(name)
	r, err := webm.NewReader(file)
	if err != nil {
		d.Fatalf("the recording must be WebM: %v", err)
	}
	frames := 0
	for {
		p, err := r.ReadPacket()
		if err != nil {
			break
		}
		if frames == 0 && !p.KeyFrame {
			d.Error("the recording must begin with a key frame")
		}
		frames++
	}
	if frames < 5 {
		d.Errorf("the recording of 0.7 s must have frames: it has %d", frames)
	}
	probed := ffprobe.Probe(d, name)
	if len(probed.Streams) != 1 || probed.Streams[0].Codec != "vp8" || probed.Streams[0].Width == 0 || len(probed.Packets) != frames {
		d.Errorf("ffprobe finds %+v with %d packets, want VP8 with %d", probed.Streams, len(probed.Packets), frames)
	}
	if s := probed.Duration(); s < 0.3 || s > 5 {
		d.Errorf("the recording of 0.7 s and the time for two commands lasts %.3f s by its header", s)
	}
	ffprobe.Decode(d, name)
}
