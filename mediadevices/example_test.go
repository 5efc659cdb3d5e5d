package mediadevices_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"trackway/media"
	"trackway/mediadevices"
)

// A camera is asked for by constraints, as in a browser.
func ExampleGetUserMedia() {
	stream, err := mediadevices.GetUserMedia(context.Background(), mediadevices.StreamConstraints{
		Audio: &media.TrackConstraints{},
		Video: &media.TrackConstraints{TrackConstraintSet: media.TrackConstraintSet{
			Width:     media.ULong(1280),
			Height:    media.ULong(720),
			FrameRate: &media.ConstrainDouble{Max: new(30.0)},
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, track := range stream.GetTracks() {
		fmt.Println(track.Kind(), track.Label())
		defer track.Stop()
	}
	s := stream.GetVideoTracks()[0].GetSettings()
	fmt.Printf("%dx%d at %v\n", *s.Width, *s.Height, *s.FrameRate)
	// Output:
	// audio Test tone
	// video Test picture
	// 1280x720 at 30
}

// What no device can do is an OverconstrainedError that says why.
func ExampleOverconstrainedError() {
	_, err := mediadevices.GetUserMedia(context.Background(), mediadevices.StreamConstraints{
		Video: &media.TrackConstraints{TrackConstraintSet: media.TrackConstraintSet{Width: media.ExactULong(100_000)}},
	})
	var over *mediadevices.OverconstrainedError
	if errors.As(err, &over) {
		fmt.Println("nothing has this", over.Constraint)
	}
	// Output: nothing has this width
}
