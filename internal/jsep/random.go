package jsep

import (
	"encoding/binary"
	"encoding/hex"
	"io"

	"trackway/internal/domerr"
)

// random draws from Config.Rand. The first failure sticks and is reported once,
// at the end of the operation.
type random struct {
	source io.Reader
	err    error
	buf    [64]byte
}

func (r *random) bytes(n int) []byte {
	b := r.buf[:n]
	if r.err == nil {
		if _, err := io.ReadFull(r.source, b); err != nil {
			r.err = domerr.Wrap(err, domerr.Operation, "the source of randomness failed")
		}
	}
	return b
}

const iceAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// token gives n ice-chars: 6 bits each.
func (r *random) token(n int) string {
	out := make([]byte, n)
	for i, b := range r.bytes(n) {
		out[i] = iceAlphabet[b&63]
	}
	return string(out)
}

// ice gives new credentials: RFC 8445 §5.3 asks for 24 and 128 bits at least.
func (r *random) ice() ICEParameters { return ICEParameters{r.token(8), r.token(24)} }

func (r *random) uint64() uint64 { return binary.BigEndian.Uint64(r.bytes(8)) }

// ssrc gives a source identifier that is not 0.
func (r *random) ssrc() uint32 { return binary.BigEndian.Uint32(r.bytes(4)) | 1<<31 }

// id gives a random UUID (version 4), as browsers use for stream and track ids.
func (r *random) id() string {
	b := r.bytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	out := make([]byte, 36)
	hex.Encode(out, b[:4])
	out[8] = '-'
	hex.Encode(out[9:], b[4:6])
	out[13] = '-'
	hex.Encode(out[14:], b[6:8])
	out[18] = '-'
	hex.Encode(out[19:], b[8:10])
	out[23] = '-'
	hex.Encode(out[24:], b[10:16])
	return string(out)
}
