package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"gatehouse/internal/am/login"
	"gatehouse/internal/am/store"
)

// Protocol is the sub-protocol that is spoken.
const Protocol = "v1.notifications.forgerock.org"

var (
	errSlow    = errors.New("the peer is too slow")
	errEnded   = errors.New("the session has ended")
	errClosing = errors.New("the server is going away")
	errSilent  = errors.New("the peer does not answer")
)

// writeTime bounds the write of one frame.
const writeTime = 10 * time.Second

// ServeHTTP opens a socket for an agent.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	sess, token, err := h.Find(r)
	switch {
	case errors.Is(err, store.ErrNotFound):
		refuse(w, http.StatusUnauthorized, "Access Denied")
		return
	case err != nil:
		h.Log.ErrorContext(r.Context(), "open a socket for notifications", "error", err)
		refuse(w, http.StatusInternalServerError, "")
		return
	case sess.Subject.Type != login.TypeAgent:
		refuse(w, http.StatusForbidden, "")
		return
	}
	ctx, stop := context.WithCancelCause(context.Background())
	defer stop(nil)
	sub := &subscriber{
		realm: sess.Realm, agent: sess.Subject.Name, session: sess.ID(), queue: make(chan []byte, h.Limits.Number("notification_queue", maxQueue)), stop: stop, topics: map[string]bool{},
	}
	if !h.join(sub) {
		h.Limits.Add("notification_sockets")
		refuse(w, http.StatusServiceUnavailable, "")
		return
	}
	defer h.leave(sub)
	// Browsers are refused where their page is of another origin.
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{Protocol}, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		h.Log.DebugContext(r.Context(), "open a socket for notifications", "error", err)
		return
	}
	defer conn.CloseNow()
	conn.SetReadLimit(maxFrame)
	// The end of the context of a read, write or ping breaks the connection, so it comes after the close frame.
	life, end := context.WithCancel(context.Background())
	defer end()
	go func() { stop(h.read(life, conn, sub)) }()
	go func() { stop(h.beat(ctx, life, conn, token)) }()
	h.write(ctx, life, conn, sub)
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errEnded):
		_ = conn.Close(websocket.StatusPolicyViolation, errEnded.Error())
	case errors.Is(cause, errClosing):
		_ = conn.Close(websocket.StatusGoingAway, errClosing.Error())
	case errors.Is(cause, errSlow), errors.Is(cause, errSilent):
		h.Log.Warn("an agent lost its notifications", "realm", sub.realm, "agent", sub.agent, "error", cause)
	}
}

func refuse(w http.ResponseWriter, status int, message string) {
	if message == "" {
		message = http.StatusText(status)
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"code": status, "reason": http.StatusText(status), "message": message}) // the peer is gone
}

// write sends what waits in the queue until ctx ends.
func (h *Hub) write(ctx, life context.Context, conn *websocket.Conn, sub *subscriber) {
	for {
		select {
		case <-ctx.Done():
			return
		case frame := <-sub.queue:
			once, cancel := context.WithTimeout(life, writeTime)
			err := conn.Write(once, websocket.MessageText, frame)
			cancel()
			if err != nil {
				sub.stop(err)
				return
			}
		}
	}
}

// beat pings, and looks whether the session lives: an open socket is use of it.
func (h *Hub) beat(ctx, life context.Context, conn *websocket.Conn, token string) error {
	ticker := time.NewTicker(h.Beat)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if err := h.Touch(ctx, token); errors.Is(err, store.ErrNotFound) {
			return errEnded
		}
		once, cancel := context.WithTimeout(life, h.Beat)
		err := conn.Ping(once)
		cancel()
		if err != nil {
			return errSilent
		}
	}
}

// read answers what the peer says.
func (h *Hub) read(ctx context.Context, conn *websocket.Conn, sub *subscriber) error {
	for {
		kind, frame, err := conn.Read(ctx)
		if err != nil {
			return err
		}
		if kind != websocket.MessageText {
			frame = nil
		}
		answer, err := json.Marshal(h.hear(sub, frame))
		if err != nil {
			return err
		}
		h.send(sub, answer)
	}
}

// hear does what a frame asks for.
func (h *Hub) hear(sub *subscriber, frame []byte) map[string]string {
	var in map[string]any
	if err := json.Unmarshal(frame, &in); err != nil {
		return map[string]string{"error": "the frame is not a JSON object"}
	}
	id, hasID := in["id"].(string)
	if _, given := in["id"]; given && !hasID {
		return map[string]string{"error": `"id" must be a string`}
	}
	answer := h.subscribe(sub, in)
	if hasID {
		answer["id"] = id
	}
	return answer
}

func (h *Hub) subscribe(sub *subscriber, in map[string]any) map[string]string {
	fault := func(format string, args ...any) map[string]string {
		return map[string]string{"error": fmt.Sprintf(format, args...)}
	}
	for _, name := range [...]string{"action", "topic"} {
		v, ok := in[name]
		if !ok || v == nil {
			return fault("missing required field %q", name)
		}
		if _, ok := v.(string); !ok {
			return fault("%q must be a string", name)
		}
		if name == "action" && v != "subscribe" {
			return fault("unknown action %q", v)
		}
	}
	topic := in["topic"].(string)
	switch {
	case topic == oldSession:
		return fault("the topic %q is not offered, follow %q", oldSession, TopicSession)
	case topic == "" || len(topic) > maxTopic:
		return fault("the topic is not valid")
	case !h.follow(sub, topic):
		return fault("too many topics")
	}
	return map[string]string{"topic": topic, "message": "subscription registered"}
}
