package rtpengine

import "time"

// sendForm is what of a packet's header depends on when it is sent.
//
// A packet that is sent again under its own SSRC and number has the form of the
// first time: SRTP would use a nonce twice, and two texts under one nonce of
// AES-GCM give the key away that its authentication rests on (RFC 5116 section
// 5.1.1). RTX has numbers of its own.
type sendForm struct {
	seq      uint64
	sendTime uint32 // abs-send-time
	twcc     uint16
	ident    bool // with MID and RID
	rotation bool // with the rotation
	capture  bool // with the capture time
}

// formsKept is how many forms a stream with NACK and without RTX remembers, and so
// how far back it sends packets again: a second at 5 Mbit/s.
const formsKept = 512

// rtx says whether packets are sent again over RTX.
func (c *SendConfig) rtx() bool { return c.RTXSSRC != 0 && c.RTXPayloadType != 0 }

// remembersForms says whether packets are sent again under their own numbers.
func (c *SendConfig) remembersForms() bool { return c.NACK && !c.rtx() }

// newForm is that of a packet that is sent now for the first time, or over RTX.
func (ss *SendStream) newForm(now time.Time, s *ringSlot, seq uint64, rtx bool) sendForm {
	ids := &ss.ids
	f := sendForm{seq: seq, sendTime: absSendTime(now), twcc: ss.session.nextTransportSequence(ss.counted)}
	// The identification is written until the peer shows that it knows the
	// SSRC, and with key frames, for those who join late (RFC 8843 section 15):
	// with all their packets, since GSO wants them equally long.
	// A retransmission may be the first packet of its SSRC at any time.
	f.ident = !ss.acked || rtx && !ss.rtxAcked || s.key && ss.video
	if ids[extRotation] != 0 && s.hasRotation && (s.marker && s.key || s.marker && s.rotation != ss.rotationSent) {
		ss.rotationSent, f.rotation = s.rotation, true
	}
	if ids[extAbsCaptureTime] != 0 && !s.capture.IsZero() && (s.start && s.key && ss.video || now.Sub(ss.captureAt) >= time.Second) {
		ss.captureAt, f.capture = now, true
	}
	return f
}

// formOf is the form in which a packet leaves now; again says that it has left in
// it before.
func (ss *SendStream) formOf(now time.Time, s *ringSlot, seq uint64, rtx bool) (f sendForm, again bool) {
	if rtx || ss.forms == nil {
		return ss.newForm(now, s, seq, rtx), false
	}
	known := &ss.forms[seq%formsKept]
	if known.seq == seq {
		f = *known
		if ss.ids[extTransportCC] == 0 {
			f.twcc = ss.session.nextTransportSequence(ss.counted) // it is not in the packet
			return f, false
		}
		return f, true
	}
	*known = ss.newForm(now, s, seq, false)
	return *known, false
}

// formKnown says whether a packet has been sent in a form that is remembered, and
// formLost whether it may have been in one that is not.
func (ss *SendStream) formKnown(seq uint64) bool {
	return ss.forms != nil && ss.forms[seq%formsKept].seq == seq
}

func (ss *SendStream) formLost(seq uint64) bool {
	return ss.forms != nil && ss.forms[seq%formsKept].seq > seq
}
