package media

import (
	"encoding/binary"
	"math/rand/v2"
	"time"

	"trackway/internal/rtpengine"
)

// unpacker puts the packets of an RTP track together to frames: in order,
// without duplicates, and video from a key frame on. It is used by one
// goroutine at a time.
type unpacker struct {
	session *rtpengine.Session
	emit    func(*EncodedFrame)
	needKey func()

	mime   string
	clock  uint32
	packet []byte
	now    time.Time

	// a packet whose time of capture is known
	capture   time.Time
	captureTS uint32
}

// The numbers that a packet gets on its way through.
const (
	unpackSSRC = 1
	unpackPT   = 96
)

// newUnpacker returns nil if the codec's packets are not known. emit gets
// frames that are valid only during the call; needKey is called when video
// cannot go on without a key frame.
func newUnpacker(c Codec, emit func(*EncodedFrame), needKey func()) *unpacker {
	codec := rtpengine.Codec{MimeType: c.MimeType, ClockRate: c.ClockRate, Channels: c.Channels, Fmtp: c.SDPFmtpLine}
	if codec.Format() == rtpengine.FormatUnknown {
		return nil
	}
	u := &unpacker{emit: emit, needKey: needKey, mime: canonical(c.MimeType), clock: c.ClockRate}
	if u.clock == 0 {
		u.clock = 90000
		if c.Kind() == string(Audio) {
			u.clock = 48000
		}
	}
	u.session = rtpengine.NewSession(rtpengine.SessionConfig{Rand: rand.Uint32})
	u.session.AddReceiver(rtpengine.ReceiverConfig{
		Codecs:    []rtpengine.PayloadCodec{{PayloadType: unpackPT, Codec: codec, PLI: true}},
		Streams:   []rtpengine.StreamConfig{{SSRC: unpackSSRC}},
		Receiving: true,
	}, rtpengine.ReceiverEvents{Frame: u.frame}).SetAssemble(true)
	return u
}

// push takes a packet that arrived now.
func (u *unpacker) push(p *RTPPacket, now time.Time) {
	u.now = now
	if !p.CaptureTime.IsZero() {
		u.capture, u.captureTS = p.CaptureTime, p.Timestamp
	}
	second := byte(unpackPT)
	if p.Marker {
		second |= 0x80
	}
	b := append(u.packet[:0], 0x80, second)
	b = binary.BigEndian.AppendUint16(b, p.SequenceNumber)
	b = binary.BigEndian.AppendUint32(b, p.Timestamp)
	b = binary.BigEndian.AppendUint32(b, unpackSSRC)
	u.packet = append(b, p.Payload...)
	u.session.HandleRTP(now, u.packet, unpackFeedback{u})
	u.session.Poll(now, unpackFeedback{u}) // gives up what has been missing for too long
}

func (u *unpacker) frame(_ *rtpengine.ReceiveStream, f *rtpengine.Frame) {
	out := EncodedFrame{
		MimeType: u.mime, Data: f.Data, KeyFrame: f.KeyFrame, Timestamp: f.Timestamp, Width: f.Width, Height: f.Height,
		TemporalIndex: f.TemporalIndex, SpatialIndex: f.SpatialIndex,
	}
	if !u.capture.IsZero() {
		ticks := int64(int32(f.Timestamp - u.captureTS))
		out.CaptureTime = u.capture.Add(time.Duration(ticks * int64(time.Second) / int64(u.clock)))
	}
	u.emit(&out)
}

// unpackFeedback is what the session would tell a sender; of that only the wish
// for a key frame matters here.
type unpackFeedback struct{ u *unpacker }

func (unpackFeedback) ReserveRTP(int) []byte { return nil }
func (unpackFeedback) CommitRTP([]byte)      {}

func (f unpackFeedback) WriteRTCP(packet []byte) {
	const psfb = 206 // payload-specific feedback, RFC 4585 §6.1
	for len(packet) >= 4 {
		if packet[1] == psfb {
			f.u.needKey()
			return
		}
		packet = packet[min(len(packet), 4*(int(binary.BigEndian.Uint16(packet[2:]))+1)):]
	}
}
