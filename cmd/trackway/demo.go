package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"trackway/media"
	"trackway/mediadevices"
	"trackway/mediadevices/system"
	"trackway/web"
)

// demoCommand is trackway demo.
type demoCommand struct {
	Files []string `arg:"" optional:"" type:"existingfile" help:"Files to send, in a loop: IVF, Ogg Opus, WebM, H.264. Without any, moving pictures and a tone, made and coded live."`

	Camera     bool `help:"Send the first camera of this machine."`
	Microphone bool `help:"Send its microphone."`
	Screen     bool `help:"Send its screen."`

	Addr    string   `default:"localhost:8080" help:"Where to serve the page. Browsers give a page the camera over plain http only on localhost. Port 0 chooses one."`
	Record  string   `type:"path" placeholder:"FOLDER" help:"Where to write what the page sends, when it asks for that."`
	Open    bool     `help:"Open the page in the browser of this desktop."`
	Host    []string `placeholder:"NAME" help:"A further name under which the page is opened, when it is not localhost or an IP address."`
	Wait    bool     `help:"Send nothing until the page asks for it."`
	Verbose bool     `short:"v" help:"Log every call."`
}

// Run serves until the context ends.
func (d *demoCommand) Run(ctx context.Context, o *output) error {
	level := slog.LevelWarn
	if d.Verbose {
		level = slog.LevelInfo
	}
	log := slog.New(slog.NewTextHandler(o.err, &slog.HandlerOptions{Level: level}))

	if d.Record != "" {
		if err := os.MkdirAll(d.Record, 0o755); err != nil {
			return err
		}
	}
	sources, stop, err := d.sources(ctx)
	if err != nil {
		return err
	}
	defer stop()
	server, err := web.NewServer(web.Options{Sources: sources, Start: !d.Wait, RecordDir: d.Record, Hosts: d.Host, Log: log})
	if err != nil {
		return err
	}
	defer server.Close()

	listener, err := net.Listen("tcp", d.Addr)
	if err != nil {
		return fmt.Errorf("serving the page: %w (choose another place with --addr)", err)
	}
	url := pageURL(d.Addr, listener.Addr())
	fmt.Fprintf(o.out, "Open %s in a browser. Ctrl-C ends the program.\n", url)
	if d.Open {
		if err := openBrowser(ctx, url); err != nil {
			log.Warn("opening the browser", "err", err)
		}
	}

	h := &http.Server{Handler: server, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(listener) }()
	select {
	case err = <-failed:
	case <-ctx.Done():
		server.Close() // the calls first: Shutdown does not know of WebSockets
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		err = h.Shutdown(ending)
		<-failed
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// sources opens what the arguments name: the machine's devices and the files,
// which play from now on, or else the program's own cameras and tone.
func (d *demoCommand) sources(ctx context.Context) ([]web.Source, func(), error) {
	if len(d.Files) == 0 && !d.Camera && !d.Microphone && !d.Screen {
		return web.Live(ctx, web.LiveOptions{})
	}
	sources, stop, err := d.devices(ctx)
	if err != nil {
		return nil, nil, err
	}
	played, stopPlaying, err := d.files()
	if err != nil {
		stop()
		return nil, nil, err
	}
	return append(sources, played...), func() { stop(); stopPlaying() }, nil
}

// devices opens the machine's own camera, microphone and screen.
func (d *demoCommand) devices(ctx context.Context) (sources []web.Source, stop func(), err error) {
	stop = func() {
		for _, s := range sources {
			s.Track.Stop()
		}
	}
	devices := mediadevices.New(mediadevices.Options{NoTestDevices: true, Discover: system.Devices})
	some := &media.TrackConstraints{}
	for _, device := range []struct {
		name string
		want bool
		open func(context.Context, mediadevices.StreamConstraints) (*media.Stream, error)
		as   mediadevices.StreamConstraints
	}{
		{"Camera", d.Camera, devices.GetUserMedia, mediadevices.StreamConstraints{Video: some}},
		{"Microphone", d.Microphone, devices.GetUserMedia, mediadevices.StreamConstraints{Audio: some}},
		{"Screen", d.Screen, devices.GetDisplayMedia, mediadevices.StreamConstraints{Video: some}},
	} {
		if !device.want {
			continue
		}
		stream, err := device.open(ctx, device.as)
		if err != nil {
			stop()
			return nil, nil, fmt.Errorf("--%s: %w", strings.ToLower(device.name), err)
		}
		t := stream.GetTracks()[0]
		sources = append(sources, web.Source{Name: device.name, Detail: t.Label(), Track: t})
	}
	return sources, stop, nil
}

// files starts to play the files, and names their tracks.
func (d *demoCommand) files() (sources []web.Source, stop func(), err error) {
	var players []*media.Player
	stop = func() {
		for _, p := range players {
			_ = p.Close()
		}
	}
	for _, name := range d.Files {
		p, err := media.NewPlayer(media.PlayerOptions{Loop: true}, media.File(name))
		if err != nil {
			stop()
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		players = append(players, p)
		base := strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
		for _, t := range p.Tracks() {
			s := web.Source{Name: base, Detail: name + ", " + t.Format().Codec.MimeType, Track: t}
			if len(p.Tracks()) > 1 {
				s.Name += " " + string(t.Kind())
			}
			sources = append(sources, s)
		}
	}
	for _, p := range players {
		p.Start()
	}
	return sources, stop, nil
}

// pageURL is the address of the page as a browser wants it.
func pageURL(asked string, got net.Addr) string {
	host, _, err := net.SplitHostPort(asked)
	tcp, ok := got.(*net.TCPAddr)
	if err != nil || !ok {
		return "http://" + got.String() + "/"
	}
	if host == "" || net.ParseIP(host).IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, fmt.Sprint(tcp.Port)) + "/"
}

func openBrowser(ctx context.Context, url string) error {
	name, args := "xdg-open", []string{url}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", url}
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), name, args...)
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }()
	return nil
}
