package media

import (
	"io"
	"mime"
	"slices"
	"strings"

	"trackway/codec"
	"trackway/container"
	"trackway/container/ivf"
	"trackway/container/ogg"
	"trackway/container/webm"
	"trackway/internal/domerr"
)

// recFormat is a container that the recorder writes.
type recFormat struct {
	mime   string
	codecs []string // MIME types
	video  bool     // may hold video
	single bool     // holds one track only
	create func(io.Writer, []container.Track) (muxer, error)
}

// muxer is a container writer that can bring what it has to the output.
type muxer interface {
	container.Writer
	Flush() error
}

var (
	webmCodecs = []string{codec.VP8, codec.VP9, codec.AV1, codec.Opus}
	recFormats = []recFormat{
		{"video/webm", webmCodecs, true, false, newWebM},
		{"audio/webm", []string{codec.Opus}, false, false, newWebM},
		{"video/x-matroska", append([]string{codec.H264}, webmCodecs...), true, false, newWebM},
		{"audio/ogg", []string{codec.Opus}, false, true, func(w io.Writer, t []container.Track) (muxer, error) {
			return ogg.NewWriter(w, t[0])
		}},
		{"video/x-ivf", []string{codec.VP8, codec.VP9, codec.AV1}, true, true, func(w io.Writer, t []container.Track) (muxer, error) {
			out, err := ivf.NewWriter(w, t[0])
			return ivfMuxer{out}, err
		}},
	}
)

func newWebM(w io.Writer, tracks []container.Track) (muxer, error) {
	return webm.NewWriter(w, tracks, webm.Options{})
}

type ivfMuxer struct{ *ivf.Writer }

// Flush does nothing: IVF keeps nothing back.
func (ivfMuxer) Flush() error { return nil }

// shortCodec is what stands in the codecs parameter, without profiles.
var shortCodec = map[string]string{
	codec.VP8: "vp8", codec.VP9: "vp9", codec.AV1: "av01", codec.H264: "avc1", codec.Opus: "opus",
}

// IsTypeSupported reports whether a Recorder can write the type: video/webm,
// audio/webm, video/x-matroska, audio/ogg and video/x-ivf, each alone or with
// the codecs it can hold. The empty type is always supported.
func IsTypeSupported(mimeType string) bool {
	if mimeType == "" {
		return true
	}
	_, _, ok := parseType(mimeType)
	return ok
}

// parseType returns the format and the codecs that are allowed in it.
func parseType(mimeType string) (f recFormat, codecs []string, ok bool) {
	base, params, err := mime.ParseMediaType(quoteCodecs(mimeType))
	if err != nil {
		return f, nil, false
	}
	i := slices.IndexFunc(recFormats, func(f recFormat) bool { return f.mime == base })
	if i < 0 {
		return f, nil, false
	}
	f = recFormats[i]
	list := params["codecs"]
	if list == "" {
		return f, f.codecs, true
	}
	for name := range strings.SplitSeq(list, ",") {
		name, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(name)), ".") // avc1.42E01F
		switch name {
		case "vp08", "vp8.0":
			name = "vp8"
		case "vp09":
			name = "vp9"
		case "av1":
			name = "av01"
		}
		found := false
		for _, c := range f.codecs {
			if shortCodec[c] == name {
				codecs, found = append(codecs, c), true
			}
		}
		if !found {
			return f, nil, false
		}
	}
	return f, codecs, true
}

// quoteCodecs puts the codecs parameter in quotes, since "codecs=vp8,opus" is
// common though a comma is no token character.
func quoteCodecs(t string) string {
	before, list, ok := strings.Cut(t, "codecs=")
	if !ok || strings.HasPrefix(list, `"`) {
		return t
	}
	return before + `codecs="` + list + `"`
}

// chooseType finds the format for tracks when the program named none. A track
// whose codec is not known yet counts by its kind.
func chooseType(tracks []*recTrack) string {
	switch {
	case slices.ContainsFunc(tracks, func(t *recTrack) bool { return t.mime == codec.H264 }):
		return "video/x-matroska"
	case slices.ContainsFunc(tracks, func(t *recTrack) bool { return t.track.Kind() == Video }):
		return "video/webm"
	}
	return "audio/webm"
}

func describeType(base string, codecs []string) string {
	var names []string
	for _, c := range codecs {
		if n := shortCodec[c]; !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return base + ";codecs=" + strings.Join(names, ",")
}

// canonical returns the spelling of a MIME type that package codec uses.
func canonical(mimeType string) string {
	for c := range shortCodec {
		if strings.EqualFold(c, mimeType) {
			return c
		}
	}
	return mimeType
}

func cannotHold(f, c string) error {
	return domerr.New(domerr.NotSupported, "%s cannot hold %s", f, c)
}
