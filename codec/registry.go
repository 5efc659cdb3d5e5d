package codec

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"trackway/internal/domerr"
)

// Implementation is one way to encode, decode, or both, one codec.
type Implementation struct {
	// Codec is what is implemented: MIME type, clock rate, channels, and the
	// fmtp line to offer.
	Codec Codec
	// Name says whose work it is, for the statistics encoderImplementation
	// and decoderImplementation: "trackway", "libvpx" …
	Name string
	// ScalabilityModes lists what the encoder takes, for getCapabilities; empty means "L1T1" only.
	ScalabilityModes []string
	// SelfTest, if it is not nil, is called once, before the implementation is
	// first listed or used. With an error it is as if the implementation were
	// not there. It may take some milliseconds: to open a library, say.
	SelfTest func() error
	// The constructors; nil where the direction or the kind does not exist.
	NewVideoEncoder func(Codec, VideoSettings) (VideoEncoder, error)
	NewVideoDecoder func(Codec) (VideoDecoder, error)
	NewAudioEncoder func(Codec, AudioSettings) (AudioEncoder, error)
	NewAudioDecoder func(Codec) (AudioDecoder, error)
}

func (im *Implementation) encodes() bool {
	return im.NewVideoEncoder != nil || im.NewAudioEncoder != nil
}
func (im *Implementation) decodes() bool {
	return im.NewVideoDecoder != nil || im.NewAudioDecoder != nil
}

// writes reports whether an encoder's bit stream is c's. Decoders are not so
// choosy: those of H.264 read several profiles, of which an encoder writes one.
func (im *Implementation) writes(c Codec) bool {
	const profile = "profile-level-id" // profile_idc is the first byte (RFC 6184 §8.1)
	have, want := im.Codec.FmtpValue(profile), c.FmtpValue(profile)
	return !c.Is(H264) || len(have) < 2 || len(want) < 2 || strings.EqualFold(have[:2], want[:2])
}

// matches reports whether the implementation serves c, as far as MIME type and
// clock rate tell.
func (im *Implementation) matches(c Codec) bool {
	if !im.Codec.Is(c.MimeType) {
		return false
	}
	return c.ClockRate == 0 || im.Codec.ClockRate == 0 || c.ClockRate == im.Codec.ClockRate
}

// Registry is an ordered set of implementations. The first that fits is used,
// and getCapabilities lists codecs in this order. Its methods may be called
// from any goroutine. The zero Registry is empty and ready for use.
type Registry struct {
	mu   sync.RWMutex
	list []*entry
}

// entry is an implementation and the outcome of its self-test.
type entry struct {
	Implementation
	once sync.Once
	err  error
}

// test runs the self-test if it has not run.
func (e *entry) test() error {
	e.once.Do(func() {
		if e.SelfTest != nil {
			e.err = e.SelfTest()
		}
	})
	return e.err
}

// Default is the registry that connections use unless told otherwise.
// Importing trackway/codec/all fills it.
var Default = new(Registry)

// Register adds an implementation after those there are. It panics if the
// implementation has no MIME type or no constructor: a mistake of the program.
func (r *Registry) Register(im Implementation) { r.add(im, false) }

// Prefer adds an implementation before those there are, so that it is used
// instead of another of the same codec.
func (r *Registry) Prefer(im Implementation) { r.add(im, true) }

func (r *Registry) add(im Implementation, first bool) {
	if kind := im.Codec.Kind(); kind != "audio" && kind != "video" || !strings.Contains(im.Codec.MimeType, "/") {
		panic(fmt.Sprintf("codec: Register: %q is no audio or video MIME type", im.Codec.MimeType))
	}
	if !im.encodes() && !im.decodes() {
		panic(fmt.Sprintf("codec: Register: %s neither encodes nor decodes", im.Codec.MimeType))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if first {
		r.list = slices.Insert(r.list, 0, &entry{Implementation: im})
	} else {
		r.list = append(r.list, &entry{Implementation: im})
	}
}

// snapshot is the list, to look through without the lock: self-tests take time.
func (r *Registry) snapshot() []*entry {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Clone(r.list)
}

// Implementations returns a snapshot of the list, in order, tested or not.
func (r *Registry) Implementations() []Implementation {
	list := r.snapshot()
	out := make([]Implementation, len(list))
	for i, im := range list {
		out[i] = im.Implementation
	}
	return out
}

// Encoders returns the codecs of a kind ("audio" or "video") that can be
// encoded here, each once, in order of preference.
func (r *Registry) Encoders(kind string) []Codec {
	return r.codecs(kind, (*Implementation).encodes)
}

// Decoders returns the codecs of a kind that can be decoded here, each once.
func (r *Registry) Decoders(kind string) []Codec {
	return r.codecs(kind, (*Implementation).decodes)
}

func (r *Registry) codecs(kind string, can func(*Implementation) bool) []Codec {
	var out []Codec
	for _, im := range r.snapshot() {
		if im.Codec.Kind() != kind || !can(&im.Implementation) || im.test() != nil {
			continue
		}
		same := func(c Codec) bool {
			return c.Is(im.Codec.MimeType) && c.ClockRate == im.Codec.ClockRate && c.SDPFmtpLine == im.Codec.SDPFmtpLine
		}
		if !slices.ContainsFunc(out, same) {
			out = append(out, im.Codec)
		}
	}
	return out
}

// Encodes reports whether c can be encoded here. Unlike Encoders it tests no
// other codec.
func (r *Registry) Encodes(c Codec) bool {
	return r.serves(c, func(im *Implementation) bool { return im.encodes() && im.writes(c) })
}

// Decodes reports whether c can be decoded here.
func (r *Registry) Decodes(c Codec) bool { return r.serves(c, (*Implementation).decodes) }

func (r *Registry) serves(c Codec, can func(*Implementation) bool) bool {
	for _, im := range r.snapshot() {
		if im.matches(c) && can(&im.Implementation) && im.test() == nil {
			return true
		}
	}
	return false
}

// find calls try for each implementation that serves c and can do what is
// asked, until one succeeds.
func (r *Registry) find(c Codec, what string, can func(*Implementation) bool, try func(*Implementation) error) error {
	var last error
	for _, im := range r.snapshot() {
		if !im.matches(c) || !can(&im.Implementation) {
			continue
		}
		if last = im.test(); last != nil {
			continue
		}
		if last = try(&im.Implementation); last == nil {
			return nil
		}
	}
	if last != nil {
		return domerr.Wrap(last, domerr.NotSupported, "no %s for %s could be started", what, c.MimeType)
	}
	return domerr.New(domerr.NotSupported, "there is no %s for %s here; register one with codec.Default.Register", what, c.MimeType)
}

// NewVideoEncoder starts the first video encoder that serves c and returns it
// with the name of its implementation. The error is a NotSupportedError.
func (r *Registry) NewVideoEncoder(c Codec, s VideoSettings) (enc VideoEncoder, name string, err error) {
	err = r.find(c, "video encoder", func(im *Implementation) bool { return im.NewVideoEncoder != nil && im.writes(c) },
		func(im *Implementation) (err error) {
			enc, err = im.NewVideoEncoder(c, s)
			name = im.Name
			return err
		})
	return enc, name, err
}

// NewVideoDecoder starts the first video decoder that serves c.
func (r *Registry) NewVideoDecoder(c Codec) (dec VideoDecoder, name string, err error) {
	err = r.find(c, "video decoder", func(im *Implementation) bool { return im.NewVideoDecoder != nil },
		func(im *Implementation) (err error) {
			dec, err = im.NewVideoDecoder(c)
			name = im.Name
			return err
		})
	return dec, name, err
}

// NewAudioEncoder starts the first audio encoder that serves c.
func (r *Registry) NewAudioEncoder(c Codec, s AudioSettings) (enc AudioEncoder, name string, err error) {
	err = r.find(c, "audio encoder", func(im *Implementation) bool { return im.NewAudioEncoder != nil },
		func(im *Implementation) (err error) {
			enc, err = im.NewAudioEncoder(c, s)
			name = im.Name
			return err
		})
	return enc, name, err
}

// NewAudioDecoder starts the first audio decoder that serves c.
func (r *Registry) NewAudioDecoder(c Codec) (dec AudioDecoder, name string, err error) {
	err = r.find(c, "audio decoder", func(im *Implementation) bool { return im.NewAudioDecoder != nil },
		func(im *Implementation) (err error) {
			dec, err = im.NewAudioDecoder(c)
			name = im.Name
			return err
		})
	return dec, name, err
}
