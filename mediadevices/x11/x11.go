// Package x11 captures the screen of an X server, for GetDisplayMedia. It
// speaks the protocol itself; pictures come through shared memory where the
// server is on this machine, and over the socket otherwise. The pointer is not
// in them.
package x11

import (
	"context"
	"io"
	"log"
	"os"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"

	"trackway/codec"
	"trackway/codec/i420"
	"trackway/internal/domerr"
	"trackway/media"
	"trackway/mediadevices"
)

func init() {
	// The library logs the end of a connection, also one that was asked for.
	xgb.Logger = log.New(io.Discard, "", 0)
}

// frameRate of the capture.
const frameRate = 30

// Devices returns the screen that DISPLAY names, if there is one that can be
// captured.
func Devices(context.Context) []*mediadevices.Device {
	name := os.Getenv("DISPLAY")
	if name == "" {
		return nil
	}
	s, err := connect(name)
	if err != nil {
		return nil
	}
	defer s.close()
	return []*mediadevices.Device{{
		Kind: mediadevices.VideoInput, Label: "Screen " + name, DisplaySurface: "monitor",
		DeviceID: mediadevices.ID("x11", name),
		Modes:    []mediadevices.Mode{{Width: s.width, Height: s.height, FrameRate: frameRate}},
		Open: func(context.Context, mediadevices.Mode) (func(context.Context, *media.Source) error, error) {
			s, err := connect(name)
			if err != nil {
				return nil, err
			}
			return s.capture, nil
		},
	}}
}

// screen is a connection to a server.
type screen struct {
	conn          *xgb.Conn
	root          xproto.Window
	width, height int
	shared        *sharedMemory // nil if pictures come over the socket
}

func connect(name string) (*screen, error) {
	conn, err := xgb.NewConnDisplay(name)
	if err != nil {
		return nil, domerr.Wrap(err, domerr.NotReadable, "the screen %s cannot be opened", name)
	}
	setup := xproto.Setup(conn)
	root := setup.DefaultScreen(conn)
	s := &screen{conn: conn, root: root.Root, width: int(root.WidthInPixels), height: int(root.HeightInPixels)}
	for _, f := range setup.PixmapFormats {
		if f.Depth == root.RootDepth && f.BitsPerPixel == 32 && root.RootDepth >= 24 && setup.ImageByteOrder == xproto.ImageOrderLSBFirst {
			s.shared = newSharedMemory(conn, s.width*s.height*4)
			return s, nil
		}
	}
	conn.Close()
	return nil, domerr.New(domerr.NotSupported, "the screen %s has pixels of another form than 32 bits", name)
}

func (s *screen) close() {
	s.shared.close()
	s.conn.Close()
}

// layout is where red, green and blue are in a pixel.
var layout = [3]int{2, 1, 0}

// capture writes the screen into a source until ctx ends.
func (s *screen) capture(ctx context.Context, out *media.Source) error {
	defer s.close()
	frame := codec.NewVideoFrame(s.width, s.height)
	frame.Duration = time.Second / frameRate
	clock := media.SystemClock
	begin := clock.Now()
	for n := 0; ; n++ {
		at := begin.Add(time.Duration(n) * time.Second / frameRate)
		if err := clock.SleepUntil(ctx, at); err != nil {
			return err
		}
		now := clock.Now()
		if late := int(now.Sub(begin) * frameRate / time.Second); late > n {
			n = late // pictures that were missed are missed
		}
		pixels, err := s.grab()
		if err != nil {
			return err
		}
		i420.FromRGB(frame, pixels, s.width*4, layout)
		frame.CaptureTime = now
		frame.Timestamp = uint32(now.Sub(begin) * 90000 / time.Second)
		if err := out.WriteVideo(frame); err != nil {
			return err
		}
	}
}

// grab returns the pixels of the screen, valid until the next call.
func (s *screen) grab() ([]byte, error) {
	if s.shared != nil {
		return s.shared.grab(s)
	}
	r, err := xproto.GetImage(s.conn, xproto.ImageFormatZPixmap, xproto.Drawable(s.root), 0, 0, uint16(s.width), uint16(s.height), 0xffffffff).Reply()
	if err != nil {
		return nil, domerr.Wrap(err, domerr.NotReadable, "the screen cannot be read")
	}
	if len(r.Data) < s.width*s.height*4 {
		return nil, domerr.New(domerr.NotReadable, "the screen has changed its size")
	}
	return r.Data, nil
}
