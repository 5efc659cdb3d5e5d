package webrtc

import (
	"context"
	"io"
	"iter"
	"sync/atomic"
	"time"

	"trackway/internal/jsep"
	"trackway/internal/rtpengine"
	"trackway/media"
)

// receiverMedia is the media side of an RTPReceiver. The connection's lock
// guards it, but for what packets use. The zero value is ready.
type receiverMedia struct {
	mt       *mediaTransport
	receiver *rtpengine.Receiver
	source   *media.Source
	hooked   bool
	// receptive is [[Receptive]], for the goroutine that delivers packets.
	receptive atomic.Bool
	live      atomic.Pointer[rtpengine.Receiver] // receiver, for key frame requests
	reader    atomic.Pointer[packetQueue]
	play      receiverPlay
	// transform is nil while there has never been one.
	transform atomic.Pointer[receiveTransform]

	delivery *delivery // nil until something is received
}

// delivery is what the goroutine that delivers packets uses: apart, since most
// receivers of a program that sends never receive.
type delivery struct {
	missed bool // media, while the track was muted
	mime   string
	frame  media.EncodedFrame
	packet media.RTPPacket
}

// setJitterBufferTarget is for pictures and samples; frames and packets are
// passed on as soon as they are complete.
func (m *receiverMedia) setJitterBufferTarget(target *time.Duration) { m.play.setTarget(target) }

// apply follows a negotiation.
func (m *receiverMedia) apply(r *RTPReceiver, mt *mediaTransport, c *jsep.MediaConfig) {
	m.hook(r)
	m.receptive.Store(c.Receptive)
	cfg := receiveConfig(c)
	switch {
	case m.receiver != nil:
		m.receiver.Update(cfg)
		if !c.Receive {
			// The description muted the track. A packet that was on its way through
			// here just then may have unmuted it again.
			m.source.SetMuted(true)
		}
	case c.Receive:
		m.mt = mt
		if m.delivery == nil {
			m.delivery = new(delivery)
		}
		m.receiver = mt.session.AddReceiver(cfg, rtpengine.ReceiverEvents{
			Packet: func(st *rtpengine.ReceiveStream, p *rtpengine.Packet) { m.onPacket(mt, st, p) },
			Frame:  m.onFrame, Ended: m.onEnded,
		})
		m.live.Store(m.receiver)
		m.demand(media.Demand{})
	}
}

// hook connects the source of the remote track, once.
func (m *receiverMedia) hook(r *RTPReceiver) {
	if m.hooked {
		return
	}
	m.hooked, m.source = true, r.source
	r.source.OnDemand(m.demand)
	r.source.OnKeyFrameRequest(func(rid string) {
		if live := m.live.Load(); live != nil {
			live.RequestKeyFrame(rid)
		}
	})
}

// demand has frames assembled, and decoded, only if somebody takes them. What
// it is told may be out of date when two goroutines change it.
func (m *receiverMedia) demand(media.Demand) {
	if live := m.live.Load(); live != nil {
		d := m.source.Demand()
		live.SetAssemble(d.Encoded || d.Raw || m.transform.Load().active())
	}
	m.play.follow(m.source)
}

// unbind ends receiving; the track stays.
func (m *receiverMedia) unbind() {
	if m.receiver != nil {
		m.live.Store(nil)
		m.mt.session.RemoveReceiver(m.receiver)
		m.receiver, m.mt = nil, nil
	}
}

// end ends receiving for good and lets readers go.
func (m *receiverMedia) end() {
	m.unbind()
	m.play.end(m.source)
	if q := m.reader.Load(); q != nil {
		q.close()
	}
}

// onPacket passes a packet on. The first one unmutes the track, if "the
// [[Receptive]] slot … is true" (webrtc-pc 5.3): not where a peer that has offered to
// send sends before it has our answer, when nobody has been told of the track.
func (m *receiverMedia) onPacket(mt *mediaTransport, st *rtpengine.ReceiveStream, p *rtpengine.Packet) {
	if m.source.Muted() {
		m.unmute(p.Codec.Codec.Video())
	}
	codec := &p.Codec.Codec
	if codec.MimeType != m.delivery.mime && codec.Format() != rtpengine.FormatUnknown {
		m.delivery.mime = codec.MimeType
		m.source.SetCodec(media.Codec{
			MimeType: codec.MimeType, ClockRate: codec.ClockRate, Channels: codec.Channels, SDPFmtpLine: codec.Fmtp,
		})
	}
	if q := m.reader.Load(); q != nil {
		if q.push(p) {
			mt.readers = append(mt.readers, q)
		}
	}
	if !m.source.Demand().RTP {
		return
	}
	o := &m.delivery.packet
	*o = media.RTPPacket{
		MimeType: codec.MimeType, Marker: p.Marker, PayloadType: p.PayloadType, SequenceNumber: p.SequenceNumber,
		Timestamp: p.Timestamp, SSRC: p.SSRC, Payload: p.Payload, RID: st.RID(), ArrivalTime: p.Arrival,
		AudioLevel: media.AudioLevel{Known: p.Ext.HasAudioLevel, Voice: p.Ext.VoiceActivity, Level: p.Ext.AudioLevel},
		CSRCs:      append(o.CSRCs[:0], p.CSRC[:p.NumCSRC]...),
	}
	o.CaptureTime = p.LocalTime
	_ = m.source.WriteRTP(o) // the track may have ended
}

// unmute follows a packet that arrived while the track is muted. What a muted track
// missed may have been the key frame that somebody waits for.
func (m *receiverMedia) unmute(video bool) {
	d := m.delivery
	if !m.receptive.Load() {
		d.missed = true
		return
	}
	m.source.SetMuted(false)
	if live := m.live.Load(); live != nil && d.missed && video {
		live.RequestKeyFrame("")
	}
	d.missed = false
}

func (m *receiverMedia) onFrame(_ *rtpengine.ReceiveStream, f *rtpengine.Frame) {
	o := &m.delivery.frame
	*o = media.EncodedFrame{
		MimeType: f.Codec.Codec.MimeType, Data: f.Data, KeyFrame: f.KeyFrame, Timestamp: f.Timestamp,
		Width: f.Width, Height: f.Height, RID: f.RID, SpatialIndex: f.SpatialIndex, TemporalIndex: f.TemporalIndex,
		LayerSync: f.LayerSync, Discardable: f.NonReference, SSRC: f.SSRC, PayloadType: f.PayloadType, CSRCs: f.CSRCs,
		AudioLevel: media.AudioLevel{Known: f.HasAudioLevel, Voice: f.VoiceActivity, Level: f.AudioLevel},
	}
	o.CaptureTime = f.LocalTime
	if x := m.transform.Load(); x != nil {
		x.take(o, f)
		return
	}
	m.deliver(o, f.ReceiveTime)
}

// deliver passes a frame on to whoever takes it.
func (m *receiverMedia) deliver(o *media.EncodedFrame, arrival time.Time) {
	if m.play.push(o, arrival) {
		if live := m.live.Load(); live != nil {
			live.RequestKeyFrame("")
		}
	}
	_ = m.source.WriteFrame(o) // the track may have ended
}

// onEnded mutes the track when the peer said BYE (webrtc-pc 5.3).
func (m *receiverMedia) onEnded(_ *rtpengine.ReceiveStream, bye bool) {
	if bye {
		m.source.SetMuted(true)
	}
}

func receiveConfig(c *jsep.MediaConfig) rtpengine.ReceiverConfig {
	cfg := rtpengine.ReceiverConfig{
		MID: c.MID, Extensions: engineExtensions(c.RecvExtensions), RIDs: c.ReceiveRIDs, Receiving: c.Receive,
		CongestionFeedback: c.CongestionFeedback,
		Codecs:             make([]rtpengine.PayloadCodec, 0, len(c.RecvCodecs)),
		Streams:            make([]rtpengine.StreamConfig, 0, len(c.RemoteSources)),
	}
	for i := range c.RecvCodecs {
		m := &c.RecvCodecs[i]
		pc := rtpengine.PayloadCodec{PayloadType: m.PayloadType, Codec: engineCodec(m.Codec)}
		if m.HasRTX {
			pc.RTXPayloadType = m.RTXPayloadType
		}
		for _, fb := range m.Feedback {
			switch fb {
			case "nack":
				pc.NACK = true
			case "nack pli":
				pc.PLI = true
			case "ccm fir":
				pc.FIR = true
			case "transport-cc":
				pc.TransportCC = true
			case "rrtr":
				pc.ReferenceTime = true
			}
		}
		cfg.Codecs = append(cfg.Codecs, pc)
	}
	for _, s := range c.RemoteSources {
		cfg.Streams = append(cfg.Streams, rtpengine.StreamConfig{SSRC: s.SSRC, RTX: s.RTXSSRC, FEC: s.FECSSRC, CNAME: s.CNAME})
	}
	return cfg
}

// ReadRTP reads the next RTP packet that arrived for the receiver's track into
// buf: header, extensions and payload, decrypted, and in order of arrival;
// retransmissions look like the packets that they repair. It returns the length.
// io.ErrShortBuffer says that buf is too small, and the packet is lost; io.EOF,
// that the connection was closed, or the transceiver stopped or rolled back.
// Packets that nobody reads wait in a queue of a few hundred, and the oldest make
// place. Reading begins with the first call.
func (r *RTPReceiver) ReadRTP(buf []byte) (int, error) {
	q := r.media.reader.Load()
	if q == nil {
		q = newPacketQueue()
		if !r.media.reader.CompareAndSwap(nil, q) {
			q = r.media.reader.Load()
		}
		r.pc.mu.Lock()
		ended := r.ended
		r.pc.mu.Unlock()
		if ended {
			q.close()
		}
	}
	return q.read(buf)
}

// Frames iterates over the complete encoded frames of the receiver's track, in
// decoding order, until ctx ends, which gives its error, or the track ends. A
// frame is valid until the next one is asked for. A reader that is too slow
// misses frames and goes on with a key frame.
func (r *RTPReceiver) Frames(ctx context.Context) iter.Seq2[*media.EncodedFrame, error] {
	return func(yield func(*media.EncodedFrame, error) bool) {
		q := newFrameQueue(r.Track())
		defer q.stop()
		for {
			f, err := q.next(ctx)
			switch {
			case err == io.EOF:
				return
			case err != nil:
				yield(nil, err)
				return
			case !yield(f, nil):
				return
			}
		}
	}
}
