package signaling

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// connect gives both ends of a WebSocket on the loopback interface.
func connect(t *testing.T) (server, client Pipe, raw string) {
	t.Helper()
	got := make(chan Pipe, 8)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p, err := AcceptWebSocket(w, r); err == nil {
			got <- p
		}
	}))
	t.Cleanup(s.Close)
	url := "ws" + strings.TrimPrefix(s.URL, "http")
	client, err := DialWebSocket(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	server = <-got
	t.Cleanup(func() {
		_ = client.(*webSocket).conn.CloseNow()
		_ = server.(*webSocket).conn.CloseNow()
	})
	return server, client, url
}

func TestWebSocketCarriesMessages(t *testing.T) {
	server, client, _ := connect(t)
	large := `{"app":"` + strings.Repeat("x", 1<<20) + `"}`
	for _, text := range []string{`{"app":1}`, large} {
		if err := client.Send(t.Context(), []byte(text)); err != nil {
			t.Fatal(err)
		}
		got, err := server.Receive(t.Context())
		if err != nil || string(got) != text {
			t.Fatalf("got %.40q, %v, want %.40q", got, err, text)
		}
	}
	go func() { _ = client.Close("") }()
	if _, err := server.Receive(t.Context()); !errors.Is(err, io.EOF) {
		t.Errorf("an orderly end must be io.EOF, got %v", err)
	}
}

func TestWebSocketCarriesTheReason(t *testing.T) {
	server, client, _ := connect(t)
	go func() { _ = server.Close("bad message: " + strings.Repeat("é", 200)) }()
	var closed *ClosedError
	if _, err := client.Receive(t.Context()); !errors.As(err, &closed) || !strings.Contains(closed.Reason, "bad message") {
		t.Errorf("the reason must arrive, got %v", err)
	}
}

func TestWebSocketRefusesWhatIsNoMessage(t *testing.T) {
	for name, write := range map[string]func(c *websocket.Conn) error{
		"binary": func(c *websocket.Conn) error { return c.Write(t.Context(), websocket.MessageBinary, []byte("{}")) },
		"too long": func(c *websocket.Conn) error {
			return c.Write(t.Context(), websocket.MessageText, make([]byte, MaxMessage+1))
		},
	} {
		server, client, _ := connect(t)
		// The server hangs up in the middle of a message that is too long.
		wrote := make(chan struct{})
		go func() {
			defer close(wrote)
			_ = write(client.(*webSocket).conn)
		}()
		var bad *MessageError
		if _, err := server.Receive(t.Context()); !errors.As(err, &bad) {
			t.Errorf("%s: got %v, want a MessageError", name, err)
		}
		_ = server.(*webSocket).conn.CloseNow()
		<-wrote
	}
}

// A page of another origin must not be able to talk to a program on localhost.
func TestWebSocketRefusesForeignPages(t *testing.T) {
	_, _, url := connect(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := DialWebSocket(ctx, url, &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"https://evil.example"}}})
	if err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("a foreign origin must be refused with 403, got %v", err)
	}
}
