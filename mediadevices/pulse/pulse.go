// Package pulse captures from the microphones of a PulseAudio server, or of
// PipeWire, which speaks its protocol. It talks over the server's socket and
// needs no library.
package pulse

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jfreymuth/pulse/proto"

	"trackway/internal/domerr"
	"trackway/media"
	"trackway/mediadevices"
)

const (
	// fragment is how much sound the server sends at a time.
	fragment = 10 * time.Millisecond
	patience = 2 * time.Second // for an answer of the server
)

// Devices lists the sources of the server, the default first, without the
// monitors of what is played. If there is no server, there are none.
func Devices(context.Context) []*mediadevices.Device {
	c, err := dial()
	if err != nil {
		return nil
	}
	defer c.close()
	var sources proto.GetSourceInfoListReply
	if c.Request(&proto.GetSourceInfoList{}, &sources) != nil {
		return nil
	}
	var server proto.GetServerInfoReply
	if c.Request(&proto.GetServerInfo{}, &server) != nil {
		server.DefaultSourceName = ""
	}
	var out []*mediadevices.Device
	for _, s := range sources {
		if s.MonitorSourceIndex != proto.Undefined {
			continue
		}
		d := device(s)
		if s.SourceName == server.DefaultSourceName {
			out = append([]*mediadevices.Device{d}, out...)
		} else {
			out = append(out, d)
		}
	}
	return out
}

func device(s *proto.GetSourceInfoReply) *mediadevices.Device {
	name := s.SourceName
	m := mediadevices.Mode{SampleRate: 48000, Channels: 1}
	stereo := m
	stereo.Channels = 2
	return &mediadevices.Device{
		Kind: mediadevices.AudioInput, Label: s.Device, DeviceID: mediadevices.ID("pulse", name),
		Modes: []mediadevices.Mode{m, stereo}, Latency: fragment.Seconds(),
		Open: func(ctx context.Context, m mediadevices.Mode) (func(context.Context, *media.Source) error, error) {
			return open(ctx, name, m)
		},
	}
}

// client is a connection to the server.
type client struct {
	*proto.Client
	conn net.Conn
	lost chan struct{} // closed when the connection is
}

func (c *client) close() {
	c.conn.Close()
	<-c.lost
}

// watched tells when reading fails, which the library keeps to itself.
type watched struct {
	net.Conn
	once *sync.Once
	lost chan struct{}
}

func (w watched) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if err != nil {
		w.once.Do(func() { close(w.lost) })
	}
	return n, err
}

// address is where the server listens: the first place of PULSE_SERVER, or the
// user's socket.
func address() (network, addr string) {
	servers := strings.Fields(os.Getenv("PULSE_SERVER"))
	if len(servers) == 0 {
		dir := os.Getenv("XDG_RUNTIME_DIR")
		if dir == "" {
			return "", ""
		}
		return "unix", filepath.Join(dir, "pulse", "native")
	}
	s := servers[0]
	if strings.HasPrefix(s, "{") { // a machine's name
		_, s, _ = strings.Cut(s, "}")
	}
	if rest, ok := strings.CutPrefix(s, "tcp:"); ok {
		return "tcp", rest
	}
	return "unix", strings.TrimPrefix(s, "unix:")
}

func cookie() []byte {
	path := os.Getenv("PULSE_COOKIE")
	if path == "" {
		home, _ := os.UserHomeDir()
		path = filepath.Join(home, ".config", "pulse", "cookie")
	}
	if b, err := os.ReadFile(path); err == nil {
		return b
	}
	return make([]byte, 256) // enough where the socket's permissions decide
}

func dial() (*client, error) { return dialWith(func(any) {}) }

// dialWith connects; callback is given what the server says unasked.
func dialWith(callback func(any)) (*client, error) {
	network, addr := address()
	if network == "" {
		return nil, domerr.New(domerr.NotFound, "there is no sound server: neither PULSE_SERVER nor XDG_RUNTIME_DIR is set")
	}
	conn, err := net.DialTimeout(network, addr, patience)
	if err != nil {
		return nil, domerr.Wrap(err, domerr.NotFound, "no sound server answers")
	}
	c := &client{Client: new(proto.Client), conn: conn, lost: make(chan struct{})}
	c.Callback = callback
	c.SetTimeout(patience)
	c.Client.Open(watched{conn, new(sync.Once), c.lost})
	var auth proto.AuthReply
	if err = c.Request(&proto.Auth{Version: c.Version(), Cookie: cookie()}, &auth); err == nil {
		c.SetVersion(auth.Version)
		err = c.Request(&proto.SetClientName{Props: proto.PropList{
			"application.name": proto.PropListString("trackway"),
		}}, &proto.SetClientNameReply{})
	}
	if err != nil {
		c.close()
		return nil, domerr.Wrap(err, domerr.NotReadable, "the sound server refuses")
	}
	return c, nil
}

// open takes hold of a source and returns what captures from it.
func open(_ context.Context, name string, m mediadevices.Mode) (func(context.Context, *media.Source) error, error) {
	sound := make(chan []byte, 50) // half a second: more would only be late
	c, err := dialWith(func(message any) {
		if p, ok := message.(*proto.DataPacket); ok {
			select {
			case sound <- append([]byte(nil), p.Data...):
			default:
			}
		}
	})
	if err != nil {
		return nil, err
	}
	positions := proto.ChannelMap{proto.ChannelMono}
	volumes := proto.ChannelVolumes{0x10000}
	if m.Channels == 2 {
		positions = proto.ChannelMap{proto.ChannelLeft, proto.ChannelRight}
		volumes = proto.ChannelVolumes{0x10000, 0x10000}
	}
	var stream proto.CreateRecordStreamReply
	err = c.Request(&proto.CreateRecordStream{
		SourceIndex: proto.Undefined, SourceName: name, DirectOnInputIndex: proto.Undefined,
		SampleSpec: proto.SampleSpec{Format: proto.FormatInt16LE, Channels: byte(m.Channels), Rate: uint32(m.SampleRate)},
		ChannelMap: positions, ChannelVolumes: volumes,
		BufferMaxLength: proto.Undefined, AdjustLatency: true,
		BufferFragSize: uint32(m.SampleRate*m.Channels*2) * uint32(fragment/time.Millisecond) / 1000,
		Properties:     proto.PropList{"media.name": proto.PropListString("call")},
	}, &stream)
	if err != nil {
		c.close()
		return nil, domerr.Wrap(err, domerr.NotReadable, "the microphone %s cannot be opened", name)
	}
	return func(ctx context.Context, out *media.Source) error {
		defer c.close()
		return pass(ctx, sound, c.lost, m, stream.SourceLatency, out)
	}, nil
}

// pass writes what comes into the source.
func pass(ctx context.Context, sound <-chan []byte, lost <-chan struct{}, m mediadevices.Mode, latency proto.Microseconds, out *media.Source) error {
	f := media.AudioFrame{SampleRate: m.SampleRate, Channels: m.Channels}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-lost:
			return io.ErrUnexpectedEOF // the server went away
		case b := <-sound:
			n := len(b) / 2 / m.Channels
			if n == 0 {
				continue
			}
			f.Samples = f.Samples[:0]
			for i := range n * m.Channels {
				f.Samples = append(f.Samples, int16(binary.LittleEndian.Uint16(b[2*i:])))
			}
			// What has just arrived was heard as long ago as it lasts and took
			// through the server.
			length := time.Duration(n) * time.Second / time.Duration(m.SampleRate)
			f.CaptureTime = time.Now().Add(-length - time.Duration(latency)*time.Microsecond)
			if err := out.WriteAudio(&f); err != nil {
				return err
			}
			f.Timestamp += uint32(n)
		}
	}
}
