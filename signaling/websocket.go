package signaling

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
)

// sendTimeout is how long a message may take to leave: an end that reads
// nothing for that long is lost.
const sendTimeout = 15 * time.Second

// AcceptWebSocket answers a WebSocket handshake. A web page may connect only
// from the server's own origin, or from one of those that allow names: host
// patterns such as example.org or *.example.org. The pipe outlives the HTTP
// request's context.
func AcceptWebSocket(w http.ResponseWriter, r *http.Request, allow ...string) (Pipe, error) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{OriginPatterns: allow})
	if err != nil {
		return nil, fmt.Errorf("signaling: accepting a WebSocket: %w", err)
	}
	return newWebSocket(conn), nil
}

// DialWebSocket connects to a ws: or wss: URL.
func DialWebSocket(ctx context.Context, url string, options *websocket.DialOptions) (Pipe, error) {
	conn, response, err := websocket.Dial(ctx, url, options)
	if err != nil {
		return nil, fmt.Errorf("signaling: connecting to %s: %w", url, err)
	}
	if response.Body != nil {
		_ = response.Body.Close()
	}
	return newWebSocket(conn), nil
}

func newWebSocket(conn *websocket.Conn) Pipe {
	conn.SetReadLimit(MaxMessage)
	return &webSocket{conn}
}

type webSocket struct{ conn *websocket.Conn }

func (p *webSocket) Send(ctx context.Context, message []byte) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if err := p.conn.Write(ctx, websocket.MessageText, message); err != nil {
		return fmt.Errorf("signaling: sending: %w", err)
	}
	return nil
}

func (p *webSocket) Receive(ctx context.Context) ([]byte, error) {
	kind, message, err := p.conn.Read(ctx)
	var closed websocket.CloseError
	switch {
	case err == nil && kind != websocket.MessageText:
		return nil, &MessageError{Reason: "a binary message; messages are text", Offset: -1}
	case err == nil:
		return message, nil
	case errors.Is(err, websocket.ErrMessageTooBig):
		return nil, &MessageError{Reason: fmt.Sprintf("longer than %d bytes", MaxMessage), Offset: -1, Cause: err}
	case errors.As(err, &closed):
		if closed.Code == websocket.StatusNormalClosure || closed.Code == websocket.StatusGoingAway || closed.Code == websocket.StatusNoStatusRcvd {
			return nil, io.EOF
		}
		return nil, &ClosedError{Reason: fmt.Sprintf("%s (WebSocket status %d)", closed.Reason, closed.Code)}
	}
	return nil, fmt.Errorf("signaling: receiving: %w", err)
}

func (p *webSocket) Close(reason string) error {
	if reason == "" {
		return p.conn.Close(websocket.StatusNormalClosure, "")
	}
	return p.conn.Close(websocket.StatusPolicyViolation, closeReason(reason))
}

// closeReason fits a reason into a close frame, which has room for 123 bytes
// (RFC 6455 §5.5), of valid UTF-8.
func closeReason(reason string) string {
	const most = 120
	reason = strings.ToValidUTF8(reason, "?")
	if len(reason) <= most {
		return reason
	}
	cut := most - len("…")
	for !utf8.RuneStart(reason[cut]) {
		cut--
	}
	return reason[:cut] + "…"
}
