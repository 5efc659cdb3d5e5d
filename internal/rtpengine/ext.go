package rtpengine

import (
	"encoding/binary"
	"time"
)

// The header extensions that this package reads and writes.
const (
	URIMID             = "urn:ietf:params:rtp-hdrext:sdes:mid"
	URIRID             = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
	URIRepairedRID     = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
	URIAbsSendTime     = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
	URITransportCC     = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
	URIAudioLevel      = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
	URIAbsCaptureTime  = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"
	URIVideoRotation   = "urn:3gpp:video-orientation"
	URICSRCAudioLevels = "urn:ietf:params:rtp-hdrext:csrc-audio-level"
)

// extKind is an extension that the package knows, or 0.
type extKind uint8

const (
	extUnknown extKind = iota
	extMID
	extRID
	extRepairedRID
	extAbsSendTime
	extTransportCC
	extAudioLevel
	extAbsCaptureTime
	extRotation
	extCSRCLevels
	extKinds
)

func kindOfURI(uri string) extKind {
	switch uri {
	case URIMID:
		return extMID
	case URIRID:
		return extRID
	case URIRepairedRID:
		return extRepairedRID
	case URIAbsSendTime:
		return extAbsSendTime
	case URITransportCC:
		return extTransportCC
	case URIAudioLevel:
		return extAudioLevel
	case URIAbsCaptureTime:
		return extAbsCaptureTime
	case URIVideoRotation:
		return extRotation
	case URICSRCAudioLevels:
		return extCSRCLevels
	}
	return extUnknown
}

// Extension binds an extension's URI to the id negotiated for it (1 to 255).
type Extension struct {
	ID  uint8
	URI string
}

// Extensions are the values of the known header extensions of one packet. The
// byte slices point into the packet.
type Extensions struct {
	MID, RID, RepairedRID []byte
	// CSRCLevels has one byte per CSRC, -dBov.
	CSRCLevels []byte

	HasTransportCC bool
	TransportCC    uint16
	HasAudioLevel  bool
	VoiceActivity  bool
	AudioLevel     uint8
	HasRotation    bool
	// Rotation is 0, 90, 180 or 270 degrees, clockwise.
	Rotation       int
	HasCaptureTime bool
	// CaptureTime is in the capturing machine's NTP clock.
	CaptureTime time.Time
	// CaptureOffset is the sender's estimate of (capturer's clock − its own).
	CaptureOffset    time.Duration
	HasCaptureOffset bool
}

// idTable maps extension ids to kinds; a packet is read with one lookup each.
type idTable [256]extKind

func (t *idTable) add(exts []Extension) {
	for _, e := range exts {
		if k := kindOfURI(e.URI); k != extUnknown && e.ID != 0 && t[e.ID] == extUnknown {
			t[e.ID] = k
		}
	}
}

// parseExtensions reads the known extensions of p into p.Ext. Malformed
// elements end the parsing; what came before them stays (RFC 8285 section 4.1).
func (t *idTable) parseExtensions(p *Packet) {
	p.Ext = Extensions{}
	b := p.Extension
	switch {
	case len(b) == 0:
	case p.ExtensionProfile == 0xBEDE:
		for len(b) > 0 {
			id, n := b[0]>>4, int(b[0]&15)+1
			if b[0] == 0 {
				b = b[1:]
				continue
			}
			if id == 15 || 1+n > len(b) {
				return
			}
			p.Ext.set(t[id], b[1:1+n])
			b = b[1+n:]
		}
	case p.ExtensionProfile&0xFFF0 == 0x1000:
		for len(b) > 0 {
			if b[0] == 0 {
				b = b[1:]
				continue
			}
			if len(b) < 2 || 2+int(b[1]) > len(b) {
				return
			}
			n := int(b[1])
			p.Ext.set(t[b[0]], b[2:2+n])
			b = b[2+n:]
		}
	}
}

func (e *Extensions) set(k extKind, v []byte) {
	switch k {
	case extMID:
		e.MID = v
	case extRID:
		e.RID = v
	case extRepairedRID:
		e.RepairedRID = v
	case extTransportCC:
		if len(v) >= 2 {
			e.HasTransportCC, e.TransportCC = true, binary.BigEndian.Uint16(v)
		}
	case extAudioLevel:
		if len(v) >= 1 {
			e.HasAudioLevel, e.VoiceActivity, e.AudioLevel = true, v[0]&0x80 != 0, v[0]&0x7F
		}
	case extAbsCaptureTime:
		if len(v) >= 8 {
			e.HasCaptureTime, e.CaptureTime = true, ntpTime(binary.BigEndian.Uint64(v))
		}
		if len(v) >= 16 {
			e.HasCaptureOffset, e.CaptureOffset = true, ntpDuration(int64(binary.BigEndian.Uint64(v[8:])))
		}
	case extRotation:
		if len(v) >= 1 {
			e.HasRotation, e.Rotation = true, int(v[0]&3)*90
		}
	case extCSRCLevels:
		e.CSRCLevels = v
	}
}
