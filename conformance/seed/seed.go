// Package seed stages what MDN's page about addTrack states, as calls between
// two pages of JavaScript: Trackway's runtime at both ends, or a browser at one
// of them (package interop). The page's examples run as they stand. The numbers
// S1 to S20 are those of docs/addtrack.md.
//
// A scene is a script with a caller's and a callee's part; stage.js is what both
// ends have in common. $name$ stands for the text of examples/name.js, which MDN
// shows without its surroundings.
package seed

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/coder/websocket"

	"trackway/js"
	"trackway/media"
	"trackway/mediadevices"
)

//go:embed stage.js scenes/*.js examples/*.js
var files embed.FS

// Scene is one script.
type Scene struct {
	// Name is that of the file, which begins with the statements' numbers.
	Name string
	// Body is an async function's, which sees args with the members role,
	// "caller" or "callee", and socket, the address of the signalling. It
	// returns when its part is over, and throws when a statement is not true.
	Body string
}

// Scenes are all scenes, in the order of their names.
func Scenes() ([]Scene, error) {
	names, err := fs.Glob(files, "scenes/*.js")
	if err != nil {
		return nil, err
	}
	stage, err := files.ReadFile("stage.js")
	if err != nil {
		return nil, err
	}
	var out []Scene
	for _, name := range names {
		script, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		body, err := fill(string(script))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, Scene{strings.TrimSuffix(path.Base(name), ".js"), string(stage) + body})
	}
	return out, nil
}

// fill puts the examples in. "$return name$" returns the value of the example's
// last statement, the chain of promises that its reader is to continue; "$mended
// name$" is without the page's slip.
func fill(script string) (string, error) {
	names, err := fs.Glob(files, "examples/*.js")
	if err != nil {
		return "", err
	}
	for _, file := range names {
		data, err := files.ReadFile(file)
		if err != nil {
			return "", err
		}
		name, text := strings.TrimSuffix(path.Base(file), ".js"), string(data)
		for mark, text := range map[string]string{
			"$" + name + "$":        text,
			"$return " + name + "$": strings.Replace(text, "\npc.setRemoteDescription", "\nreturn pc.setRemoteDescription", 1),
			"$mended " + name + "$": strings.Replace(text, "new MediaStream(ev.track)", "new MediaStream([ev.track])", 1),
		} {
			script = strings.ReplaceAll(script, mark, text)
		}
	}
	return script, nil
}

// Signalling is a server of WebSockets that passes what one end of a call sends
// to the other end, in order. The query names the call and the role.
type Signalling struct {
	mu    sync.Mutex
	calls map[string]*call
}

// call has what waits for each end; gone is closed when one of them has left.
type call struct {
	caller, callee chan []byte
	gone           chan struct{}
	leave          sync.Once
}

// ServeHTTP implements http.Handler.
func (s *Signalling) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{OriginPatterns: []string{"localhost", "localhost:*"}})
	if err != nil {
		return
	}
	defer conn.CloseNow()
	conn.SetReadLimit(1 << 20)
	id := r.URL.Query().Get("call")
	s.mu.Lock()
	if s.calls == nil {
		s.calls = map[string]*call{}
	}
	c := s.calls[id]
	if c == nil {
		c = &call{caller: make(chan []byte, 256), callee: make(chan []byte, 256), gone: make(chan struct{})}
		s.calls[id] = c
	}
	s.mu.Unlock()
	in, out := c.caller, c.callee
	if r.URL.Query().Get("role") == "callee" {
		in, out = out, in
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer c.leave.Do(func() { close(c.gone) }) // an end that waits for the other must not wait for ever
	go func() {
		defer cancel()
		for {
			select {
			case message := <-in:
				if conn.Write(ctx, websocket.MessageText, message) != nil {
					return
				}
			case <-c.gone:
				if len(in) == 0 {
					// With the closing handshake: cutting the connection while
					// something is unread here resets it, and what was written
					// last may never be seen.
					conn.Close(websocket.StatusNormalClosure, "the other end has left")
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		_, message, err := conn.Read(ctx)
		if err != nil {
			return
		}
		select {
		case out <- message:
		case <-ctx.Done():
			return
		}
	}
}

// devices are a microphone and a camera whose pictures are so small and few that
// a dozen of them can be coded at once with the race detector on.
func devices() []*mediadevices.Device {
	camera := mediadevices.TestCamera(media.SystemClock)
	camera.Modes = []mediadevices.Mode{{Width: 160, Height: 120, FrameRate: 15}}
	return []*mediadevices.Device{camera, mediadevices.TestTone(media.SystemClock)}
}

// Run plays one part of a scene in Trackway's runtime.
func Run(ctx context.Context, scene Scene, role, socket string) error {
	args, err := json.Marshal(map[string]string{"role": role, "socket": socket})
	if err != nil {
		return err
	}
	var said []string
	outcome := "the script did not come to its end"
	rt, err := js.New(js.Options{
		URL:     "http://localhost/" + scene.Name + ".js",
		Console: func(_, message string) { said = append(said, message) },
		OnError: func(description string) { said = append(said, description) },
		Globals: map[string]any{"__outcome": func(text string) { outcome = text }},
		Devices: devices(),
	})
	if err != nil {
		return err
	}
	script := fmt.Sprintf("(async () => { const args = %s;\n%s\n})().then(() => __outcome(''), e => __outcome(`${e.name}: ${e.message}\\n${e.stack}`));", args, scene.Body)
	if err := rt.LoadScript(scene.Name+".js", script); err != nil {
		return err
	}
	err = rt.Run(ctx)
	if outcome == "" && err == nil && len(said) == 0 {
		return nil
	}
	return fmt.Errorf("the %s in Trackway's runtime: %s (%v)\n%s", role, outcome, err, strings.Join(said, "\n"))
}
