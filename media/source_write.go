package media

import "time"

// WriteFrame passes one coded frame to all consumers. The caller may reuse
// the frame and its data afterwards. The error is ErrEnded or ErrForm.
func (s *Source) WriteFrame(f *EncodedFrame) error {
	if err := s.accepts(Encoded); err != nil {
		return err
	}
	if f.KeyFrame && s.kind == Video {
		s.key.arrived(f.RID, time.Now())
		s.noteSize(f.Width, f.Height)
	}
	if s.muted.Load() {
		return nil
	}
	for _, t := range *s.tracks.Load() {
		t.passFrame(f)
	}
	return nil
}

// WriteRTP passes one packet to all consumers. The caller may reuse the
// packet and its payload afterwards. The error is ErrEnded or ErrForm.
func (s *Source) WriteRTP(p *RTPPacket) error {
	if err := s.accepts(RTP); err != nil {
		return err
	}
	if p.KeyFrame && !s.remote {
		s.key.arrived(p.RID, time.Now())
	}
	if s.muted.Load() {
		return nil
	}
	for _, t := range *s.tracks.Load() {
		t.passRTP(p)
	}
	return nil
}

// WriteVideo passes one picture to all consumers. The caller may reuse the
// frame and its planes afterwards. The error is ErrEnded or ErrForm.
func (s *Source) WriteVideo(f *VideoFrame) error {
	if err := s.accepts(Raw); err != nil {
		return err
	}
	if s.kind != Video {
		return ErrForm
	}
	s.noteSize(f.Width, f.Height)
	if s.muted.Load() {
		return nil
	}
	for _, t := range *s.tracks.Load() {
		t.passVideo(f)
	}
	return nil
}

// WriteAudio passes samples to all consumers. The caller may reuse the frame
// and its samples afterwards. The error is ErrEnded or ErrForm.
func (s *Source) WriteAudio(f *AudioFrame) error {
	if err := s.accepts(Raw); err != nil {
		return err
	}
	if s.kind != Audio {
		return ErrForm
	}
	if g := s.format.Load(); g.SampleRate != f.SampleRate || g.Channels != f.Channels {
		s.editFormat(func(g *Format) { g.SampleRate, g.Channels = f.SampleRate, f.Channels })
	}
	if s.muted.Load() {
		return nil
	}
	for _, t := range *s.tracks.Load() {
		t.passAudio(f)
	}
	return nil
}

func (s *Source) accepts(form Form) error {
	if s.ended.Load() {
		return ErrEnded
	}
	if !s.remote && s.format.Load().Form != form {
		return ErrForm
	}
	return nil
}

func (s *Source) noteSize(width, height int) {
	if g := s.format.Load(); width > 0 && height > 0 && (g.Width != width || g.Height != height) {
		s.editFormat(func(g *Format) { g.Width, g.Height = width, height })
	}
}

func (s *Source) editFormat(edit func(*Format)) {
	s.mu.Lock()
	f := *s.format.Load()
	edit(&f)
	s.format.Store(&f)
	s.mu.Unlock()
}
