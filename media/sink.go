package media

// Sink takes media out of a track. Set the functions for the forms that are
// wanted before Track.AddSink, and leave them alone afterwards.
//
// They are called on the goroutine that writes into the source, in order, and
// must not block; what they are passed is valid during the call only. A track
// that is muted passes nothing. A track that is disabled passes black
// pictures and silence in raw form; encoded Opus and G.711 as silence too;
// other encoded media and RTP not at all, and video again from a key frame on.
type Sink struct {
	// Encoded takes coded frames.
	Encoded func(*EncodedFrame)
	// RTP takes packets.
	RTP func(*RTPPacket)
	// Video takes pictures.
	Video func(*VideoFrame)
	// Audio takes samples.
	Audio func(*AudioFrame)
	// Changed is called after enabled, muted, the content hint or the format's
	// form or codec changed, on whichever goroutine did it.
	Changed func()
	// Ended is called once, when the track has ended: by Stop or because its
	// source ended. It is called at once if the track has ended already.
	Ended func()
}

// Feedback is what a consumer of a track tells the track's source about what
// it can use. Zero fields say nothing.
type Feedback struct {
	// TargetBitrate is what the network carries for this track, in bits per second.
	TargetBitrate int
	// MaxWidth and MaxHeight bound the picture that is of use, in pixels.
	MaxWidth, MaxHeight int
	// MaxFrameRate bounds the frame rate that is of use.
	MaxFrameRate float64
}

// merge combines the wishes of all consumers of one source. What is encoded
// once for all must fit the thinnest path; size and rate serve whoever can use
// the most, and a consumer that named no bound can use everything.
func merge(all []feedbackEntry) Feedback {
	var f Feedback
	for i, e := range all {
		if b := e.TargetBitrate; b > 0 && (f.TargetBitrate == 0 || b < f.TargetBitrate) {
			f.TargetBitrate = b
		}
		if i == 0 {
			f.MaxWidth, f.MaxHeight, f.MaxFrameRate = e.MaxWidth, e.MaxHeight, e.MaxFrameRate
			continue
		}
		f.MaxWidth = wider(f.MaxWidth, e.MaxWidth)
		f.MaxHeight = wider(f.MaxHeight, e.MaxHeight)
		f.MaxFrameRate = wider(f.MaxFrameRate, e.MaxFrameRate)
	}
	return f
}

func wider[T int | float64](a, b T) T {
	if a == 0 || b == 0 {
		return 0
	}
	return max(a, b)
}

type feedbackEntry struct {
	consumer any
	Feedback
}
