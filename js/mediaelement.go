package js

type mediaElement struct{ n *node }

func newMediaElement(n *node) *mediaElement { return &mediaElement{n} }
func (m *mediaElement) load()               {}
