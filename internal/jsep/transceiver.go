package jsep

import "slices"

// Transceiver is an immutable RTCRtpTransceiver with its sender and receiver.
type Transceiver struct {
	id   TransceiverID
	kind Kind
	// mid is [[Mid]], jsepMid is [[JsepMid]]; "" is null.
	mid, jsepMid string
	// index is the m-section's, -1 where there is none.
	index int

	direction, current, fired    Direction
	stopping, stopped, receptive bool

	// addTrack: created by addTrack, so a remote offer may take it (RFC 9429
	// §5.10). attached: addTrack has put a track on it, so rollback keeps it.
	// remote: created by the remote offer that is pending now.
	// everSent: [[CurrentDirection]] has had a sending value, so addTrack may not
	// use it again.
	addTrack, attached, remote, everSent bool

	track     *Track
	streamIDs []string
	encodings []Encoding
	// msidTrack is the appdata of a=msid: constant for the sender's life. wantMID
	// is the mid that offers propose.
	msidTrack string
	wantMID   string
	sources   *senderSources

	preferred  []Codec
	extensions []HeaderExtensionCapability
	wantRIDs   []string

	receiverTrackID string
	// streams is [[AssociatedRemoteMediaStreams]].
	streams []string

	sendCodecs, recvCodecs []MediaCodec
	// sendFrom and recvFrom are the sections that they were read from.
	sendFrom, recvFrom   codecSource
	negotiatedExtensions []HeaderExtension
	// transport is [[SenderTransport]] and [[ReceiverTransport]].
	transport TransportID

	media *MediaConfig
	// memo remembers results by their inputs; nil before the first description.
	memo *memo
}

// senderSources are the SSRCs of a sender, chosen when it is first described.
type senderSources struct {
	// rids names the encodings, so that each keeps its sources when others go.
	rids            []string
	ssrcs, rtx, fec []uint32
}

// of gives the sources of an encoding, 0 where none are chosen yet.
func (x *senderSources) of(e Encoding) (ssrc, rtx uint32) {
	if x != nil {
		if i := slices.Index(x.rids, e.RID); i >= 0 {
			return x.ssrcs[i], x.rtx[i]
		}
	}
	return 0, 0
}

// fecOf gives the source of an encoding's repair packets, 0 where none is chosen
// yet.
func (x *senderSources) fecOf(e Encoding) uint32 {
	if x != nil {
		if i := slices.Index(x.rids, e.RID); i >= 0 {
			return x.fec[i]
		}
	}
	return 0
}

// has reports whether every encoding has sources.
func (x *senderSources) has(list []Encoding) bool {
	for _, e := range list {
		if ssrc, _ := x.of(e); ssrc == 0 {
			return false
		}
	}
	return true
}

// ID names the transceiver.
func (t *Transceiver) ID() TransceiverID { return t.id }

// Kind is the transceiver kind.
func (t *Transceiver) Kind() Kind { return t.kind }

// MID is [[Mid]]; "" is null.
func (t *Transceiver) MID() string { return t.mid }

// MLineIndex is the index of the associated m-section, or -1.
func (t *Transceiver) MLineIndex() int { return t.index }

// Direction is the direction attribute: Stopped while stopping or stopped.
func (t *Transceiver) Direction() Direction {
	if t.stopping {
		return Stopped
	}
	return t.direction
}

// CurrentDirection is the currentDirection attribute; "" is null.
func (t *Transceiver) CurrentDirection() Direction {
	if t.stopped {
		return Stopped
	}
	return t.current
}

// Stopping is [[Stopping]]: stop was called or the transceiver is stopped.
func (t *Transceiver) Stopping() bool { return t.stopping }

// Stopped is [[Stopped]].
func (t *Transceiver) Stopped() bool { return t.stopped }

// Receptive is [[Receptive]].
func (t *Transceiver) Receptive() bool { return t.receptive }

// Track is the sender's track, or nil.
func (t *Transceiver) Track() *Track { return t.track }

// StreamIDs is the sender's [[AssociatedMediaStreamIds]].
func (t *Transceiver) StreamIDs() []string { return slices.Clone(t.streamIDs) }

// Encodings is the sender's [[SendEncodings]].
func (t *Transceiver) Encodings() []Encoding { return slices.Clone(t.encodings) }

// SendCodecs is [[SendCodecs]]: the negotiated ones, in order of the remote
// peer's preference.
func (t *Transceiver) SendCodecs() []MediaCodec { return slices.Clone(t.sendCodecs) }

// RecvCodecs is [[ReceiveCodecs]].
func (t *Transceiver) RecvCodecs() []MediaCodec { return slices.Clone(t.recvCodecs) }

// ReceiverTrackID is the id for the receiver's track where a remote offer made
// the transceiver: the track part of its a=msid, or a random id. It is "" for
// transceivers made by AddTrack and AddTransceiver.
func (t *Transceiver) ReceiverTrackID() string { return t.receiverTrackID }

// RemoteStreamIDs is [[AssociatedRemoteMediaStreams]].
func (t *Transceiver) RemoteStreamIDs() []string { return slices.Clone(t.streams) }

// Transport is the transport that sender and receiver use, 0 for null.
func (t *Transceiver) Transport() TransportID { return t.transport }

// CodecPreferences is [[PreferredCodecs]].
func (t *Transceiver) CodecPreferences() []Codec { return slices.Clone(t.preferred) }

// NegotiatedMedia is the transceiver's entry in State.Media, or nil.
func (t *Transceiver) NegotiatedMedia() *MediaConfig {
	if t.stopped {
		return nil
	}
	return t.media
}
