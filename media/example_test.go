package media_test

import (
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"trackway/codec"
	"trackway/internal/testfilm"
	"trackway/media"
)

// A program's own frames become a track, which goes to any number of takers.
func ExampleNewEncodedSource() {
	source := media.NewEncodedSource(media.Codec{MimeType: codec.VP8, ClockRate: 90000}, media.WithLabel("My encoder"))
	source.OnKeyFrameRequest(func(rid string) { fmt.Println("someone needs a key frame") })
	track := source.NewTrack()
	track.AddSink(&media.Sink{Encoded: func(f *media.EncodedFrame) {
		fmt.Println("frame of", len(f.Data), "bytes at", f.Timestamp)
	}})
	track.RequestKeyFrame()
	_ = source.WriteFrame(&media.EncodedFrame{MimeType: codec.VP8, Data: []byte{1, 2, 3}, KeyFrame: true, Timestamp: 9000})
	// Output:
	// someone needs a key frame
	// frame of 3 bytes at 9000
}

// A file plays in real time into tracks that any number of connections send.
func ExampleNewPlayer() {
	player, err := media.NewPlayer(media.PlayerOptions{Loop: true}, media.File("film.webm"))
	if err != nil {
		log.Print(err)
		return
	}
	defer player.Close()
	for _, track := range player.Tracks() {
		fmt.Println(track.Kind(), track.Format().Codec.MimeType)
	}
	player.Start()
}

// A stream is recorded to a file, which is complete once stop has fired.
func ExampleRecorder() {
	player, err := testfilm.NewPlayer(media.PlayerOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer player.Close()
	player.Start()
	file, err := os.Create(filepath.Join(os.TempDir(), "trackway-example.webm"))
	if err != nil {
		log.Fatal(err)
	}
	defer os.Remove(file.Name())
	defer file.Close()

	recorder, err := media.NewRecorder(player.Stream(), media.RecorderOptions{Output: file})
	if err != nil {
		log.Fatal(err)
	}
	begun, stopped := make(chan struct{}), make(chan struct{})
	recorder.OnStart(func() { close(begun) })
	recorder.OnStop(func() { close(stopped) })
	if err := recorder.Start(0); err != nil {
		log.Fatal(err)
	}
	<-begun
	recorder.Stop()
	<-stopped
	size, _ := file.Seek(0, io.SeekEnd)
	fmt.Println(recorder.MimeType(), size > 1000)
	// Output: video/webm;codecs=vp8,opus true
}
