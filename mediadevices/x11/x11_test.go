//go:build linux

package x11

import (
	"context"
	"os"
	"testing"

	"github.com/jezek/xgb/xproto"

	"trackway/internal/testscreen"
	"trackway/media"
)

// paint fills a part of the screen.
func paint(t *testing.T, s *screen, x, y, w, h int, rgb uint32) {
	t.Helper()
	gc, err := xproto.NewGcontextId(s.conn)
	if err != nil {
		t.Fatal(err)
	}
	xproto.CreateGC(s.conn, gc, xproto.Drawable(s.root), xproto.GcForeground|xproto.GcSubwindowMode, []uint32{rgb, xproto.SubwindowModeIncludeInferiors})
	if err := xproto.PolyFillRectangleChecked(s.conn, xproto.Drawable(s.root), gc,
		[]xproto.Rectangle{{X: int16(x), Y: int16(y), Width: uint16(w), Height: uint16(h)}}).Check(); err != nil {
		t.Fatal(err)
	}
}

func TestScreen(t *testing.T) {
	t.Setenv("DISPLAY", "")
	if n := len(Devices(t.Context())); n != 0 {
		t.Fatalf("%d screens without a display", n)
	}
	testscreen.Start(t)
	list := Devices(t.Context())
	if len(list) != 1 || list[0].DisplaySurface != "monitor" || list[0].Modes[0].Width != 320 || list[0].Modes[0].Height != 201 {
		t.Fatalf("screens: %+v", list)
	}
	painter, err := connect(os.Getenv("DISPLAY"))
	if err != nil {
		t.Fatal(err)
	}
	defer painter.close()
	paint(t, painter, 0, 0, 160, 201, 0xff0000)
	paint(t, painter, 160, 0, 160, 201, 0x0000ff)

	for _, shared := range []bool{true, false} {
		s, err := connect(os.Getenv("DISPLAY"))
		if err != nil {
			t.Fatal(err)
		}
		if s.shared == nil {
			t.Error("an X server on this machine shares no memory")
		}
		if !shared {
			s.shared.close()
			s.shared = nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		source := media.NewVideoSource()
		source.NewTrack().AddSink(&media.Sink{Video: func(f *media.VideoFrame) {
			// Red and blue of BT.601 in limited range.
			for x, want := range map[int][3]byte{80: {82, 90, 240}, 240: {41, 240, 110}} {
				i := 50*f.StrideUV + x/2
				got := [3]byte{f.Y[100*f.StrideY+x], f.U[i], f.V[i]}
				for j := range got {
					if d := int(got[j]) - int(want[j]); d < -3 || d > 3 {
						t.Errorf("shared memory %v: at x=%d the colour is %v, want %v", shared, x, got, want)
						break
					}
				}
			}
			if f.Width != 320 || f.Height != 201 {
				t.Errorf("a picture of %dx%d", f.Width, f.Height)
			}
			cancel()
		}})
		if err := s.capture(ctx, source); ctx.Err() == nil {
			t.Errorf("the capture ended with %v", err)
		}
	}
}
