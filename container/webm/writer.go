package webm

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"trackway/container"
	"trackway/internal/bitstream"
)

const (
	// A cluster's blocks are timed relative to it with 16 bits of
	// milliseconds; "a Cluster SHOULD be no longer than 5 seconds" (RFC 9559 §25.1).
	maxClusterTime = 5 * time.Second
	// opusPreRoll is what a decoder needs to converge (RFC 7845 §4.6).
	opusPreRoll = 80 * time.Millisecond
	// seekHeadRoom is kept free at the start for the index of the indices.
	seekHeadRoom = 96
)

// Options change how a file is written.
type Options struct {
	// App is the name of the writing application; default "trackway".
	App string
}

// Writer writes WebM, or Matroska if a track's codec is not WebM's (H.264).
//
// If the underlying writer is an io.WriteSeeker that can seek, Close completes
// the file with its duration, cues, and exact sizes. Otherwise the file is a
// live one: without duration and cues, but playable.
type Writer struct {
	w      io.Writer
	seeker io.WriteSeeker
	origin int64 // where in the underlying file we began
	pos    int64 // written since then
	tracks []container.Track
	avc    []bool

	segment     int64 // position of the segment's first child
	sizeAt      int64
	durationAt  int64
	infoAt      int64
	tracksAt    int64
	cluster     []byte
	clusterTime time.Duration
	cues        []cue
	end         time.Duration
	last        []time.Duration // of each track
	step        []time.Duration // between the last two of each track
	hasVideo    bool
	started     bool
	closed      bool
}

type cue struct {
	time  time.Duration
	track int
	at    int64
}

// NewWriter writes the header for the tracks. H.264 and AV1 need Private; see
// CodecPrivate.
func NewWriter(w io.Writer, tracks []container.Track, o Options) (*Writer, error) {
	out := &Writer{
		w: w, tracks: slices.Clone(tracks),
		last: make([]time.Duration, len(tracks)), step: make([]time.Duration, len(tracks)),
		avc: make([]bool, len(tracks)),
	}
	if s, ok := w.(io.WriteSeeker); ok {
		if at, err := s.Seek(0, io.SeekCurrent); err == nil {
			out.seeker, out.origin = s, at
		}
	}
	if o.App == "" {
		o.App = "trackway"
	}
	head, err := out.header(o)
	if err != nil {
		return nil, err
	}
	return out, out.write(head)
}

func (out *Writer) write(b []byte) error {
	n, err := out.w.Write(b)
	out.pos += int64(n)
	return err
}

func (out *Writer) header(o Options) ([]byte, error) {
	docType := "webm"
	for i, t := range out.tracks {
		if codecID(t.MimeType) == "" {
			return nil, container.Errorf("webm", "cannot hold %s", t.MimeType)
		}
		if t.MimeType == "video/H264" {
			docType = "matroska"
			out.avc[i] = true
		}
		if t.Private == nil && (t.MimeType == "video/H264" || t.MimeType == "video/AV1") {
			return nil, container.Errorf("webm", "%s needs the codec's private data", t.MimeType)
		}
		out.hasVideo = out.hasVideo || t.Channels == 0
	}
	b := appendMaster(nil, idEBML, func(b []byte) []byte {
		b = appendUint(b, idEBMLVersion, 1)
		b = appendUint(b, idEBMLReadVersion, 1)
		b = appendUint(b, idEBMLMaxIDLength, 4)
		b = appendUint(b, idEBMLMaxSizeLength, 8)
		b = appendString(b, idDocType, docType)
		b = appendUint(b, idDocTypeVersion, 4)
		return appendUint(b, idDocTypeReadVersion, 2)
	})
	b = appendID(b, idSegment)
	out.sizeAt = int64(len(b))
	b = appendSizeN(b, unknownSize, 8)
	out.segment = int64(len(b))
	if out.seeker != nil {
		b = appendVoid(b, seekHeadRoom)
	}
	out.infoAt = int64(len(b))
	info := appendUint(nil, idTimestampScale, 1e6)
	info = appendString(info, idMuxingApp, "trackway")
	info = appendString(info, idWritingApp, o.App)
	if out.seeker != nil {
		info = appendFloat(info, idDuration, 0)
	}
	b = appendBytes(b, idInfo, info)
	out.durationAt = int64(len(b)) - 8
	out.tracksAt = int64(len(b))
	return appendMaster(b, idTracks, func(b []byte) []byte {
		for i, t := range out.tracks {
			b = appendMaster(b, idTrackEntry, func(b []byte) []byte { return appendTrack(b, i+1, t) })
		}
		return b
	}), nil
}

func appendTrack(b []byte, number int, t container.Track) []byte {
	b = appendUint(b, idTrackNumber, uint64(number))
	b = appendUint(b, idTrackUID, uint64(number))
	b = appendUint(b, idFlagLacing, 0)
	b = appendString(b, idCodecID, codecID(t.MimeType))
	if t.MimeType == "audio/opus" {
		if len(t.Private) < 19 {
			t.Private = opusHead(t.Channels)
		}
		b = appendUint(b, idTrackType, 2)
		b = appendBytes(b, idCodecPrivate, t.Private)
		skip := uint64(binary.LittleEndian.Uint16(t.Private[10:]))
		b = appendUint(b, idCodecDelay, skip*1e9/48000)
		b = appendUint(b, idSeekPreRoll, uint64(opusPreRoll))
		return appendMaster(b, idAudio, func(b []byte) []byte {
			b = appendFloat(b, idSamplingFrequency, 48000)
			return appendUint(b, idChannels, uint64(t.Private[9]))
		})
	}
	b = appendUint(b, idTrackType, 1)
	if len(t.Private) > 0 {
		b = appendBytes(b, idCodecPrivate, t.Private)
	}
	if t.FrameRate > 0 {
		b = appendUint(b, idDefaultDuration, uint64(math.Round(1e9/t.FrameRate)))
	}
	return appendMaster(b, idVideo, func(b []byte) []byte {
		b = appendUint(b, idPixelWidth, uint64(t.Width))
		return appendUint(b, idPixelHeight, uint64(t.Height))
	})
}

// opusHead describes Opus that came over RTP: nothing to skip, so that sound
// and picture keep the times they came with.
func opusHead(channels int) []byte {
	if channels != 1 {
		channels = 2
	}
	h := append([]byte("OpusHead"), 1, byte(channels), 0, 0)
	h = binary.LittleEndian.AppendUint32(h, 48000)
	return append(h, 0, 0, 0)
}

func appendVoid(b []byte, total int) []byte {
	b = appendSizeN(append(b, idVoid), uint64(total-9), 8)
	return append(b, make([]byte, total-9)...)
}

// WritePacket writes one frame. Clusters begin with a key frame of the video
// where there is one.
func (out *Writer) WritePacket(p container.Packet) error {
	if p.Track < 0 || p.Track >= len(out.tracks) {
		return fmt.Errorf("webm: track %d of %d", p.Track, len(out.tracks))
	}
	at := max(0, p.Time.Round(time.Millisecond))
	video := out.tracks[p.Track].Channels == 0
	age := at - out.clusterTime
	switch {
	case !out.started, age > 30*time.Second, age < -30*time.Second:
		fallthrough
	case video && p.KeyFrame && age >= 0, age >= maxClusterTime && (p.KeyFrame || !out.hasVideo || age >= 2*maxClusterTime):
		if err := out.Flush(); err != nil {
			return err
		}
		out.started = true
		out.clusterTime = at
		if video && p.KeyFrame || !out.hasVideo {
			out.cues = append(out.cues, cue{at, p.Track + 1, out.pos})
		}
		out.cluster = appendUint(out.cluster, idTimestamp, uint64(at.Milliseconds()))
	}
	data := p.Data
	if out.avc[p.Track] {
		data = appendLengthPrefixed(nil, data)
	}
	flags := byte(0)
	if p.KeyFrame {
		flags = 0x80
	}
	relative := int16((at - out.clusterTime).Milliseconds())
	b := appendID(out.cluster, idSimpleBlock)
	number := appendSize(nil, uint64(p.Track+1))
	b = appendSize(b, uint64(len(number)+3+len(data)))
	b = append(b, number...)
	b = append(b, byte(uint16(relative)>>8), byte(relative), flags)
	out.cluster = append(b, data...)
	out.noteEnd(p, at)
	return nil
}

// noteEnd keeps the file's duration: to the end of its last frame, which is
// taken to last as long as the one before if nobody says.
func (out *Writer) noteEnd(p container.Packet, at time.Duration) {
	if d := at - out.last[p.Track]; d > 0 && d < time.Second {
		out.step[p.Track] = d
	}
	out.last[p.Track] = at
	length := p.Duration
	if length == 0 && out.tracks[p.Track].MimeType == "audio/opus" {
		length = time.Duration(bitstream.OpusSamples(p.Data)) * time.Second / 48000
	}
	if length == 0 {
		length = out.step[p.Track]
	}
	out.end = max(out.end, p.Time+length)
}

// Flush ends the cluster that is being gathered and writes it, so that what
// was written so far can be played.
func (out *Writer) Flush() error {
	out.started = false
	if len(out.cluster) == 0 {
		return nil
	}
	head := appendSize(appendID(nil, idCluster), uint64(len(out.cluster)))
	if err := out.write(head); err != nil {
		return err
	}
	err := out.write(out.cluster)
	out.cluster = out.cluster[:0]
	return err
}

// Close writes the last cluster, and completes the file if it can seek.
func (out *Writer) Close() error {
	if out.closed {
		return nil
	}
	out.closed = true
	if err := out.Flush(); err != nil {
		return err
	}
	if out.seeker == nil {
		return nil
	}
	cuesAt := out.pos
	if len(out.cues) > 0 {
		if err := out.write(out.cueElement()); err != nil {
			return err
		}
	}
	seek := appendMaster(nil, idSeekHead, func(b []byte) []byte {
		b = out.appendSeek(b, idInfo, out.infoAt)
		b = out.appendSeek(b, idTracks, out.tracksAt)
		if len(out.cues) > 0 {
			b = out.appendSeek(b, idCues, cuesAt)
		}
		return b
	})
	seek = appendVoid(seek, seekHeadRoom-len(seek))
	size := appendSizeN(nil, uint64(out.pos-out.segment), 8)
	duration := binary.BigEndian.AppendUint64(nil, math.Float64bits(float64(out.end)/1e6))
	for _, patch := range []struct {
		at int64
		b  []byte
	}{{out.sizeAt, size}, {out.segment, seek}, {out.durationAt, duration}} {
		if _, err := out.seeker.Seek(out.origin+patch.at, io.SeekStart); err != nil {
			return err
		}
		if _, err := out.seeker.Write(patch.b); err != nil {
			return err
		}
	}
	_, err := out.seeker.Seek(out.origin+out.pos, io.SeekStart)
	return err
}

func (out *Writer) appendSeek(b []byte, id uint32, at int64) []byte {
	return appendMaster(b, idSeek, func(b []byte) []byte {
		b = appendBytes(b, idSeekID, appendID(nil, id))
		return appendUint(b, idSeekPosition, uint64(at-out.segment))
	})
}

func (out *Writer) cueElement() []byte {
	return appendMaster(nil, idCues, func(b []byte) []byte {
		for _, c := range out.cues {
			b = appendMaster(b, idCuePoint, func(b []byte) []byte {
				b = appendUint(b, idCueTime, uint64(c.time.Milliseconds()))
				return appendMaster(b, idCueTrackPositions, func(b []byte) []byte {
					b = appendUint(b, idCueTrack, uint64(c.track))
					return appendUint(b, idCueClusterPosition, uint64(c.at-out.segment))
				})
			})
		}
		return b
	})
}
