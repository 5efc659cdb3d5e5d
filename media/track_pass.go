package media

// The way of media through one track, on the goroutine that writes into the
// source: nothing here takes a lock, and nothing allocates once the track's
// own buffers have grown.

// blanker is made when the track is first found disabled.
func (t *Track) blanker() *blanker {
	if t.blank == nil {
		t.blank = &blanker{}
	}
	return t.blank
}

func (t *Track) passFrame(f *EncodedFrame) {
	set := t.sinks.Load()
	if len(set.encoded) == 0 {
		return
	}
	if !t.enabled.Load() {
		if f = t.blanker().encoded(f); f == nil {
			return
		}
	} else if t.blank != nil && t.Kind() == Video && !t.blank.admits(f.RID, f.KeyFrame) {
		return
	}
	for _, k := range set.encoded {
		k.Encoded(f)
	}
}

func (t *Track) passRTP(p *RTPPacket) {
	set := t.sinks.Load()
	if len(set.rtp) == 0 || !t.enabled.Load() {
		return
	}
	for _, k := range set.rtp {
		k.RTP(p)
	}
}

func (t *Track) passVideo(f *VideoFrame) {
	set := t.sinks.Load()
	if len(set.video) == 0 {
		return
	}
	if p := t.processor.Load(); p != nil {
		if f = (*p).Video(f); f == nil {
			return
		}
	}
	if !t.enabled.Load() {
		f = t.blanker().video(f)
	}
	for _, k := range set.video {
		k.Video(f)
	}
}

func (t *Track) passAudio(f *AudioFrame) {
	set := t.sinks.Load()
	if len(set.audio) == 0 {
		return
	}
	if p := t.processor.Load(); p != nil {
		if f = (*p).Audio(f); f == nil {
			return
		}
	}
	if !t.enabled.Load() {
		f = t.blanker().audio(f)
	}
	for _, k := range set.audio {
		k.Audio(f)
	}
}
