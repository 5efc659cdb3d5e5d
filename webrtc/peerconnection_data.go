package webrtc

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"trackway/internal/domerr"
	"trackway/internal/jsep"
)

// dataSlots are the connection's slots for data.
type dataSlots struct {
	// sctp is [[SctpTransport]].
	sctp *SCTPTransport
	// channels is [[DataChannels]].
	channels    []*DataChannel
	association *association
	// leaving is the last association that was given up; a task aborts it.
	leaving *association
	made    uint32
	// opened and closed count channels for statistics.
	opened, closed uint32
}

// maxDataChannelID is the greatest stream id; 65535 is reserved (RFC 8832 6).
const maxDataChannelID = 65534

// sendBufferSize is how many bytes may wait in a channel, and bounds a message.
const sendBufferSize = 16 << 20

// SCTP is the sctp attribute: nil for null, which is before data was
// negotiated.
func (pc *PeerConnection) SCTP() *SCTPTransport {
	pc.mu.Lock()
	defer pc.mu.Unlock()
	return pc.data.sctp
}

// CreateDataChannel is createDataChannel; init may be nil. The first channel of
// a connection needs negotiation. TypeError for a label or protocol longer than
// 65535 bytes, for both limits of reliability at once, for an ID of 65535 and for
// Negotiated without ID; OperationError when the ID is in use or none is free;
// InvalidStateError when the connection is closed.
func (pc *PeerConnection) CreateDataChannel(label string, init *DataChannelInit) (*DataChannel, error) {
	if init == nil {
		init = &DataChannelInit{}
	}
	pc.mu.Lock()
	defer pc.mu.Unlock()
	if pc.isClosed {
		return nil, closedError("CreateDataChannel")
	}
	d := pc.newDataChannel(label, init)
	if err := d.validate(); err != nil {
		return nil, err
	}
	if err := pc.numberLocked(d); err != nil {
		return nil, err
	}
	state, err := pc.state.AddDataChannel()
	if err != nil {
		return nil, err
	}
	pc.state = state
	first := len(pc.data.channels) == 0 && pc.data.opened == 0
	pc.data.channels = append(pc.data.channels, d)
	if pc.data.association != nil && pc.data.sctp.state == SCTPTransportStateConnected {
		pc.data.association.openLocked(d)
	}
	if first {
		pc.updateNegotiationNeededLocked()
	}
	return d, nil
}

func (pc *PeerConnection) newDataChannel(label string, init *DataChannelInit) *DataChannel {
	pc.data.made++
	d := &DataChannel{
		pc: pc, serial: pc.data.made, label: label, protocol: init.Protocol, ordered: init.Ordered == nil || *init.Ordered,
		negotiated: init.Negotiated, maxPacketLifeTime: clonePtr(init.MaxPacketLifeTime),
		maxRetransmits: clonePtr(init.MaxRetransmits), readyState: DataChannelStateConnecting,
		binaryType: "arraybuffer", channelPipe: channelPipe{opened: make(chan struct{}), over: make(chan struct{})},
	}
	if d.negotiated {
		// "Ignored when negotiated is false."
		d.id = clonePtr(init.ID)
	}
	return d
}

func (d *DataChannel) validate() error {
	switch {
	case len(d.label) > 65535:
		return domerr.New(domerr.Type, "CreateDataChannel: the label has more than 65535 bytes")
	case len(d.protocol) > 65535:
		return domerr.New(domerr.Type, "CreateDataChannel: the protocol has more than 65535 bytes")
	case d.negotiated && d.id == nil:
		return domerr.New(domerr.Type, "CreateDataChannel: a negotiated channel needs an id")
	case d.maxPacketLifeTime != nil && d.maxRetransmits != nil:
		return domerr.New(domerr.Type, "CreateDataChannel: maxPacketLifeTime and maxRetransmits exclude each other")
	case d.id != nil && *d.id > maxDataChannelID:
		return domerr.New(domerr.Type, "CreateDataChannel: id 65535 is reserved")
	}
	return nil
}

// numberLocked checks a channel's id or, where the DTLS role is known, chooses
// one.
func (pc *PeerConnection) numberLocked(d *DataChannel) error {
	if d.id != nil {
		if pc.channelLocked(*d.id) != nil {
			return domerr.New(domerr.Operation, "CreateDataChannel: id %d is in use", *d.id)
		}
		if s := pc.data.sctp; s != nil && s.state == SCTPTransportStateConnected && *d.id >= *s.maxChannels {
			return domerr.New(domerr.Operation, "CreateDataChannel: id %d, but there are %d streams", *d.id, *s.maxChannels)
		}
		return nil
	}
	client, known := pc.dataRoleLocked()
	if !known {
		return nil
	}
	return pc.chooseIDLocked(d, client)
}

// chooseIDLocked gives d the lowest free id of this side: "the side acting as
// the DTLS client MUST use an even stream identifier" (RFC 8832 6).
func (pc *PeerConnection) chooseIDLocked(d *DataChannel, client bool) error {
	limit := maxDataChannelID
	if s := pc.data.sctp; s != nil && s.maxChannels != nil {
		limit = min(limit, int(*s.maxChannels)-1)
	}
	first := 1
	if client {
		first = 0
	}
	used := map[uint16]bool{}
	for _, c := range pc.data.channels {
		if c.id != nil {
			used[*c.id] = true
		}
	}
	if a := pc.data.association; a != nil {
		for id := range a.busy {
			used[id] = true
		}
	}
	for id := first; id <= limit; id += 2 {
		if u := uint16(id); !used[u] {
			d.id = &u
			return nil
		}
	}
	return domerr.New(domerr.Operation, "no data channel id is free")
}

// channelLocked is the channel that has an id in use: until its streams are
// reset, one that closes has it.
func (pc *PeerConnection) channelLocked(id uint16) *DataChannel {
	for _, c := range pc.data.channels {
		if c.id != nil && *c.id == id {
			return c
		}
	}
	if a := pc.data.association; a != nil {
		return a.busy[id]
	}
	return nil
}

// unclosedLocked are [[DataChannels]] and those that close() has taken out of it
// while their streams over a, which may be nil, are being reset.
func (pc *PeerConnection) unclosedLocked(a *association) []*DataChannel {
	list := slices.Clone(pc.data.channels)
	if a != nil {
		list = slices.AppendSeq(list, maps.Values(a.busy))
	}
	slices.SortFunc(list, func(c, d *DataChannel) int { return cmp.Compare(c.serial, d.serial) })
	return slices.Compact(list)
}

// dataRoleLocked is the DTLS role of the transport that carries data.
func (pc *PeerConnection) dataRoleLocked() (client, known bool) {
	c := pc.state.Data()
	if c == nil || !c.Negotiated {
		return false, false
	}
	b := pc.transports.byID[c.Transport]
	if b == nil {
		return false, false
	}
	return b.config.DTLSClient, b.config.Negotiated
}

// applyDataLocked has the SCTP transport follow the state (webrtc-pc 4.4.1.5
// and 6.1.1).
func (pc *PeerConnection) applyDataLocked() {
	c := pc.state.Data()
	if c == nil {
		pc.dropAssociationLocked()
		pc.data.sctp = nil
		return
	}
	b := pc.transports.byID[c.Transport]
	if b == nil {
		return
	}
	if pc.data.sctp == nil {
		pc.data.sctp = &SCTPTransport{pc: pc, state: SCTPTransportStateConnecting}
	}
	s := pc.data.sctp
	s.transport = b.dtls
	if !c.Negotiated {
		return
	}
	s.updateMaxMessageSize(c)
	if client, known := pc.dataRoleLocked(); known {
		for _, d := range slices.Clone(pc.data.channels) {
			if d.id == nil {
				if err := pc.chooseIDLocked(d, client); err != nil {
					pc.failChannelLocked(d, err)
				}
			}
		}
	}
	if b.dtls.state == DTLSTransportStateConnected && s.state == SCTPTransportStateConnecting && pc.data.association == nil {
		pc.startAssociationLocked(b, s)
	}
}

// updateMaxMessageSize is "update the data max message size" (webrtc-pc 6.1.1.2).
func (s *SCTPTransport) updateMaxMessageSize(c *jsep.DataConfig) {
	remote := float64(c.RemoteMaxMessageSize)
	if remote == 0 {
		s.maxMessageSize, s.maxBufferSize = sendBufferSize, sendBufferSize
		return
	}
	s.maxMessageSize = math.Min(remote, sendBufferSize)
	s.maxBufferSize = math.Max(remote, sendBufferSize)
}

// failChannelLocked closes a channel that could not be created: "unable to
// create an RTCDataChannel".
func (pc *PeerConnection) failChannelLocked(d *DataChannel, cause error) {
	pc.queueLocked(func() events {
		var fire events
		d.closedLocked(&RTCError{
			ErrorDetail: ErrorDetailDataChannelFailure, Message: cause.Error(), Cause: cause,
		}, &fire)
		return fire
	})
}

// forgetChannelLocked removes a channel from [[DataChannels]].
func (pc *PeerConnection) forgetChannelLocked(d *DataChannel) {
	pc.data.channels = slices.DeleteFunc(pc.data.channels, func(c *DataChannel) bool { return c == d })
}

// closeDataLocked closes the channels abruptly, as closing the connection does.
// The function it returns tears the association down, without the lock.
func (pc *PeerConnection) closeDataLocked() func() {
	for _, d := range pc.unclosedLocked(pc.data.association) {
		d.endLocked()
	}
	pc.data.channels = nil
	if s := pc.data.sctp; s != nil && s.state != SCTPTransportStateClosed {
		s.state = SCTPTransportStateClosed
		// "A task is queued … when the SCTP association has been closed
		// intentionally, such as by closing the peer connection." It is the one
		// event that closing fires.
		pc.queueTask(func() {
			if f, _ := load(pc, &s.onState); f != nil {
				f()
			}
		})
	}
	ending := []*association{pc.data.leaving, pc.data.association}
	return func() {
		for _, a := range ending {
			if a != nil {
				a.abort()
			}
		}
	}
}

// renewDataLocked is told that DTLS starts anew, with another peer: so does SCTP.
// The channels to the old peer close; those that were not open yet will open to
// the new one.
func (pc *PeerConnection) renewDataLocked(b *bundleTransport, fire *events) {
	a := pc.data.association
	if a == nil || a.object.transport != b.dtls {
		return
	}
	pc.data.association, pc.data.leaving = nil, a
	if a.object.state != SCTPTransportStateConnecting {
		a.object.state = SCTPTransportStateConnecting
		fire.add(pc, &a.object.onState)
	}
	for _, d := range pc.unclosedLocked(a) {
		switch {
		case d.association != nil || d.readyState != DataChannelStateConnecting:
			d.closedLocked(nil, fire)
		case !d.negotiated:
			d.id = nil // the DTLS role, which chooses, may be another one
		}
	}
	pc.queueTask(a.abort)
}

// dropAssociationLocked ends the association because data was negotiated away.
func (pc *PeerConnection) dropAssociationLocked() {
	a := pc.data.association
	if a == nil {
		return
	}
	pc.data.association, pc.data.leaving = nil, a
	// Until the task, pc.Close must find those that are closing already.
	pc.data.channels = pc.unclosedLocked(a)
	pc.queueLocked(func() events { return a.closedLocked(nil) })
	pc.queueTask(a.abort)
}
