package jsep

import "slices"

// equal compares contents. It is called for every m-section of a description
// that changed, which is why it does not reflect.
func (c *MediaConfig) equal(o *MediaConfig) bool {
	return c.Transceiver == o.Transceiver && c.MID == o.MID && c.MLineIndex == o.MLineIndex && c.Kind == o.Kind &&
		c.Transport == o.Transport && c.Send == o.Send && c.Receive == o.Receive && c.Receptive == o.Receptive &&
		slices.EqualFunc(c.SendCodecs, o.SendCodecs, equalCodecs) && slices.EqualFunc(c.RecvCodecs, o.RecvCodecs, equalCodecs) &&
		slices.Equal(c.SendExtensions, o.SendExtensions) && slices.Equal(c.RecvExtensions, o.RecvExtensions) &&
		slices.EqualFunc(c.Encodings, o.Encodings, equalEncodings) &&
		c.CNAME == o.CNAME && slices.Equal(c.StreamIDs, o.StreamIDs) && c.TrackID == o.TrackID &&
		slices.Equal(c.ReceiveRIDs, o.ReceiveRIDs) && slices.Equal(c.RemoteSources, o.RemoteSources) &&
		slices.Equal(c.RemoteMSIDs, o.RemoteMSIDs) && c.ReducedSizeRTCP == o.ReducedSizeRTCP &&
		c.CongestionFeedback == o.CongestionFeedback &&
		c.MaxBitrate == o.MaxBitrate
}

func equalCodecs(a, b MediaCodec) bool {
	return a.PayloadType == b.PayloadType && a.Codec == b.Codec && a.RTXPayloadType == b.RTXPayloadType &&
		a.HasRTX == b.HasRTX && slices.Equal(a.Feedback, b.Feedback)
}

func equalEncodings(a, b SendEncoding) bool {
	codec, rate := equalPointers(a.Codec, b.Codec), equalPointers(a.MaxBitrate, b.MaxBitrate)
	frames, scale := equalPointers(a.MaxFramerate, b.MaxFramerate), equalPointers(a.ScaleResolutionDownBy, b.ScaleResolutionDownBy)
	// What is left has no pointers.
	a.Codec, a.MaxBitrate, a.MaxFramerate, a.ScaleResolutionDownBy = nil, nil, nil, nil
	b.Codec, b.MaxBitrate, b.MaxFramerate, b.ScaleResolutionDownBy = nil, nil, nil, nil
	return codec && rate && frames && scale && a == b
}

func equalPointers[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}
