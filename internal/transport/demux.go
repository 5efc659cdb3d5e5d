package transport

import "encoding/binary"

// kind is what a datagram carries.
type kind uint8

const (
	kindNone kind = iota
	kindSTUN
	kindDTLS
	kindRTP
	kindRTCP
)

const (
	stunHeader = 20
	stunMagic  = 0x2112A442
	// attrUsername is USERNAME, RFC 8489 14.3.
	attrUsername = 0x0006
	// maxUfrag is the longest username fragment, RFC 8839 5.4.
	maxUfrag = 256
)

// classify splits by the first byte, RFC 7983 7, and RTP from RTCP by the
// second, RFC 5761 4.
func classify(p []byte) kind {
	if len(p) < 12 {
		return kindNone
	}
	switch b := p[0]; {
	case b <= 3:
		if len(p) >= stunHeader && binary.BigEndian.Uint32(p[4:]) == stunMagic {
			return kindSTUN
		}
	case b >= 20 && b <= 63:
		return kindDTLS
	case b >= 128 && b <= 191:
		if p[1] >= 192 && p[1] <= 223 {
			return kindRTCP
		}
		return kindRTP
	}
	return kindNone
}

// stunClass is the class of a STUN message.
type stunClass uint8

const (
	classRequest stunClass = iota
	classIndication
	classSuccess
	classError
)

// classOf reads the class bits C1 and C0, RFC 8489 5.
func classOf(p []byte) stunClass {
	return stunClass(p[0]&1<<1 | p[1]>>4&1)
}

// transactionOf is the transaction ID of a STUN message.
func transactionOf(p []byte) (id [12]byte) {
	copy(id[:], p[8:])
	return id
}

// ufragsOf splits USERNAME of a STUN request: the fragment of whom it is sent
// to, and that of the sender (RFC 8445 7.2.2). They alias p; nil when there is
// none. Nothing is verified: the agent checks MESSAGE-INTEGRITY.
func ufragsOf(p []byte) (to, from []byte) {
	if len(p) < stunHeader {
		return nil, nil
	}
	rest := p[stunHeader:]
	if n := int(binary.BigEndian.Uint16(p[2:])); n < len(rest) {
		rest = rest[:n]
	}
	for len(rest) >= 4 {
		typ := binary.BigEndian.Uint16(rest)
		n := int(binary.BigEndian.Uint16(rest[2:]))
		rest = rest[4:]
		if n > len(rest) {
			return nil, nil
		}
		if typ == attrUsername {
			for i, c := range rest[:n] {
				if c == ':' {
					if i == 0 || i > maxUfrag {
						return nil, nil
					}
					return rest[:i], rest[i+1 : n]
				}
			}
			return nil, nil
		}
		rest = rest[min((n+3)&^3, len(rest)):]
	}
	return nil, nil
}
