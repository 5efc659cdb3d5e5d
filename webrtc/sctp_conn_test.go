package webrtc

import (
	"encoding/binary"
	"io"
	"net"
	"testing"
)

// dataChunk makes a DATA or I-DATA chunk.
func dataChunk(kind, flags byte, tsn uint32, stream uint16, ppid uint32, payload int) []byte {
	header := 16
	if kind == chunkIData {
		header = 20
	}
	b := make([]byte, (header+payload+3)&^3)
	b[0], b[1] = kind, flags
	binary.BigEndian.PutUint16(b[2:], uint16(header+payload))
	binary.BigEndian.PutUint32(b[4:], tsn)
	binary.BigEndian.PutUint16(b[8:], stream)
	binary.BigEndian.PutUint32(b[header-4:], ppid)
	return b
}

func packetOf(chunks ...[]byte) []byte {
	b := make([]byte, sctpHeaderSize)
	for _, c := range chunks {
		b = append(b, c...)
	}
	return b
}

type nowhere struct{ net.Conn }

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }

func TestBytesAreCountedWhenTheyLeaveForTheFirstTime(t *testing.T) {
	told := 0
	c := &sctpConn{Conn: nowhere{}, told: func() { told++ }}
	const whole, begin, middle = 3, 2, 0
	write := func(chunks ...[]byte) {
		if _, err := c.Write(packetOf(chunks...)); err != nil {
			t.Fatal(err)
		}
	}
	write(dataChunk(chunkData, whole, 0xffffffff, 1, 51, 5), dataChunk(chunkData, whole, 0, 3, 53, 7))
	write(dataChunk(chunkData, whole, 0xffffffff, 1, 51, 5)) // again
	write(dataChunk(chunkData, whole, 1, 1, ppidControl, 20))
	write(dataChunk(chunkData, whole, 2, 1, ppidStringEmpty, 1))
	write(dataChunk(chunkIData, begin, 3, 5, 53, 100), dataChunk(chunkIData, middle, 4, 5, 1, 100))
	write([]byte{3, 0, 0, 16}) // too short for anything
	if told != 1 {
		t.Errorf("told once until the counts are taken, was told %d times", told)
	}
	got := c.take()
	if got[1] != 5 || got[3] != 7 || got[5] != 200 || len(got) != 3 {
		t.Errorf("user data by stream, without repetitions, control and empty messages: got %v", got)
	}
	write(dataChunk(chunkData, whole, 5, 1, 51, 1))
	if told != 2 || c.take()[1] != 1 {
		t.Error("after the counts were taken, the next byte is told again")
	}
}

// inbound is a conn with packets to read.
type inbound struct {
	nowhere
	packets *[][]byte
}

func (c inbound) Read(b []byte) (int, error) {
	if len(*c.packets) == 0 {
		return 0, io.EOF
	}
	p := (*c.packets)[0]
	*c.packets = (*c.packets)[1:]
	return copy(b, p), nil
}

// initPacket makes an INIT or INIT ACK.
func initPacket(kind byte, tag uint32, out, in uint16) []byte {
	b := make([]byte, 20)
	b[0], b[3] = kind, 20
	binary.BigEndian.PutUint32(b[4:], tag)
	binary.BigEndian.PutUint16(b[12:], out)
	binary.BigEndian.PutUint16(b[14:], in)
	return packetOf(b)
}

func TestStreamsAreWhatThePeerAllows(t *testing.T) {
	for _, kind := range []byte{chunkInit, chunkInitAck} {
		c := &sctpConn{Conn: inbound{packets: &[][]byte{initPacket(kind, 1, 256, 2048)}}}
		if n := c.streams(); n != 65535 {
			t.Errorf("before the peer's word there are our own %d", n)
		}
		_, _ = c.Read(make([]byte, 100))
		if n := c.streams(); n != 256 {
			t.Errorf("the minimum of incoming and outgoing streams is 256, got %d", n)
		}
	}
}

func TestTheAbortOfAnEarlierAssociationIsNotRead(t *testing.T) {
	abort := func(tag uint32, flags byte) []byte {
		b := packetOf([]byte{chunkAbort, flags, 0, 4})
		binary.BigEndian.PutUint32(b[4:], tag)
		return b
	}
	c := &sctpConn{told: func() {}, Conn: inbound{packets: &[][]byte{abort(7, 0), abort(8, 0), abort(7, flagReflected)}}}
	_, _ = c.Write(initPacket(chunkInit, 8, 9, 9))
	b := make([]byte, 100)
	for _, want := range []uint32{8, 7} {
		if _, err := c.Read(b); err != nil || binary.BigEndian.Uint32(b[4:]) != want {
			t.Errorf("read an ABORT with tag %d, %v, want %d", binary.BigEndian.Uint32(b[4:]), err, want)
		}
	}
}

func FuzzSCTPConn(f *testing.F) {
	f.Add(packetOf(dataChunk(chunkData, 3, 1, 1, 51, 5)))
	f.Add(packetOf(dataChunk(chunkIData, 2, 1, 1, 53, 5), []byte{0, 3, 0, 255}))
	f.Fuzz(func(t *testing.T, packet []byte) {
		c := &sctpConn{Conn: nowhere{}, told: func() {}}
		if n, err := c.Write(packet); n != len(packet) || err != nil {
			t.Errorf("Write must pass everything on: %d %v", n, err)
		}
		_, _ = (&sctpConn{Conn: inbound{packets: &[][]byte{packet}}}).Read(make([]byte, len(packet)))
		total := uint64(0)
		for _, n := range c.take() {
			total += n
		}
		if total > uint64(len(packet)) {
			t.Errorf("%d bytes counted in a packet of %d", total, len(packet))
		}
	})
}
