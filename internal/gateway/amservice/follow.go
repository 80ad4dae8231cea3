package amservice

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"

	"gatehouse/internal/conf"
	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/wire"
)

const (
	subProtocol = "v1.notifications.forgerock.org"
	maxEvent    = 64 << 10
)

var defaultNotifications = notificationsConfig{
	Enabled: true, InitialConnectionAttempts: 5, ReconnectDelay: conf.Duration(5 * time.Second), RenewalDelay: conf.Duration(50 * time.Minute),
	HeartbeatInterval: conf.Duration(time.Minute), ConnectionTimeout: conf.Duration(time.Minute),
}

// Start follows the server's events, if something that was built depends on them. It
// does not wait for the connection.
func (s *Service) Start(context.Context) error {
	s.events.mu.Lock()
	s.events.started = true
	wanted := len(s.events.followers) > 0
	s.events.mu.Unlock()
	if wanted {
		s.beginFollowing()
	}
	return nil
}

func (s *Service) beginFollowing() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	s.events.mu.Lock()
	if s.events.running {
		s.events.mu.Unlock()
		cancel()
		return
	}
	s.events.running = true
	s.events.stop = func() { cancel(); <-done }
	s.events.mu.Unlock()
	s.events.turn(disconnected)
	go func() {
		defer close(done)
		s.follow(ctx)
	}()
}

// stopFollowing ends the socket, if there is one.
func (s *Service) stopFollowing() {
	s.events.mu.Lock()
	stop := s.events.stop
	s.events.stop, s.events.started = nil, false
	s.events.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// socket is an open connection.
type socket struct {
	conn  *websocket.Conn
	token string
	ended chan error
	stop  context.CancelFunc
}

// follow keeps one connection open until ctx ends.
func (s *Service) follow(ctx context.Context) {
	c := s.settings()
	for failed := 0; ctx.Err() == nil; {
		sock, err := s.open(ctx, c)
		if err != nil {
			if failed++; ctx.Err() == nil {
				s.complain(failed, c.InitialConnectionAttempts, err)
			}
			if !wait(ctx, c.ReconnectDelay.D()) {
				return
			}
			continue
		}
		failed = 0
		s.events.turn(connected)
		s.log.Info("the server's events are followed", "url", s.url)
		err = s.stay(ctx, c, sock)
		s.events.turn(disconnected)
		if ctx.Err() == nil {
			s.log.Warn("the connection for the server's events is lost; what depends on them is not cached until it is back", "url", s.url, "error", err)
		}
	}
}

// complain tells of failures: the first, and the one at which other gateways give up.
func (s *Service) complain(failed, attempts int, err error) {
	switch {
	case failed == 1:
		s.log.Warn("the server's events cannot be followed; sessions and decisions that depend on them are not cached", "url", s.url, "error", err)
	case failed == attempts:
		s.log.Error("the server's events still cannot be followed; notifications.enabled=false goes without them", "url", s.url, "attempts", failed, "error", err)
	default:
		s.log.Debug("the server's events cannot be followed", "url", s.url, "attempts", failed, "error", err)
	}
}

func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(max(d, 100*time.Millisecond))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// stay follows until the connection ends. Before the agent's session grows old it opens
// another connection with a new one, and only then closes the first.
func (s *Service) stay(ctx context.Context, c notificationsConfig, sock *socket) error {
	defer func() { sock.close() }()
	var renew <-chan time.Time
	if d := c.RenewalDelay; d > 0 && !d.Unlimited() {
		ticker := time.NewTicker(d.D())
		defer ticker.Stop()
		renew = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-sock.ended:
			return err
		case <-renew:
		}
		old := sock.token
		s.forget(old)
		next, err := s.open(ctx, c)
		if err != nil {
			s.log.Warn("the connection for the server's events cannot be renewed", "url", s.url, "error", err)
			continue
		}
		sock.close()
		sock = next
		s.logout(old)
	}
}

func (k *socket) close() {
	k.stop()
	k.conn.CloseNow()
}

// open connects and subscribes.
func (s *Service) open(ctx context.Context, c notificationsConfig) (*socket, error) {
	limit := c.ConnectionTimeout.D()
	if c.ConnectionTimeout.Unlimited() || limit <= 0 {
		limit = 10 * time.Minute
	}
	once, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	x := chain.New(once, nil, &chain.RootContext{})
	header, err := s.TokenHeader(x)
	if err != nil {
		return nil, err
	}
	token, err := s.AgentToken(x)
	if err != nil {
		return nil, err
	}
	client, err := s.socketClient()
	if err != nil {
		return nil, err
	}
	conn, resp, err := websocket.Dial(once, "ws"+strings.TrimPrefix(s.url, "http")+"/notifications", &websocket.DialOptions{
		HTTPClient: client, HTTPHeader: http.Header{header: {token}}, Subprotocols: []string{subProtocol}, CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		if resp != nil {
			if resp.StatusCode == http.StatusUnauthorized {
				s.forget(token)
			}
			return nil, fmt.Errorf("open the socket for events: status %d", resp.StatusCode)
		}
		return nil, fmt.Errorf("open the socket for events: %w", err)
	}
	conn.SetReadLimit(maxEvent)
	if err := s.subscribe(once, conn); err != nil {
		conn.CloseNow()
		return nil, err
	}
	life, stop := context.WithCancel(context.Background())
	sock := &socket{conn: conn, token: token, ended: make(chan error, 2), stop: stop}
	go func() { sock.ended <- s.read(life, conn, c) }()
	go func() { sock.ended <- beat(life, conn, c) }()
	return sock, nil
}

// subscribe asks for the topics and waits until all are confirmed: what happens after
// that is told.
func (s *Service) subscribe(ctx context.Context, conn *websocket.Conn) error {
	topics := []string{topicSession, topicPolicy, topicToken}
	for _, topic := range topics {
		frame, err := json.Marshal(map[string]string{"action": "subscribe", "topic": topic, "id": topic})
		if err == nil {
			err = conn.Write(ctx, websocket.MessageText, frame)
		}
		if err != nil {
			return fmt.Errorf("subscribe to events: %w", err)
		}
	}
	for confirmed := 0; confirmed < len(topics); confirmed++ {
		_, frame, err := conn.Read(ctx)
		if err != nil {
			return fmt.Errorf("subscribe to events: %w", err)
		}
		if e, ok := parseEvent(frame); ok {
			s.events.tell(e)
			confirmed-- // of a topic that is confirmed already
			continue
		}
		var answer struct{ ID, Error string }
		switch {
		case json.Unmarshal(frame, &answer) != nil, answer.Error != "" && answer.ID != topicToken:
			return errors.New("subscribe to events: the server refuses")
		case answer.Error != "":
			s.noTokenEvents.Do(func() {
				s.log.Warn("the server does not tell of revoked tokens: cached ones stay until their time is over", "url", s.url)
			})
		}
	}
	return nil
}

// socketClient has no cookies, follows no redirects and speaks HTTP/1.1.
func (s *Service) socketClient() (*http.Client, error) {
	c, host := s.settings(), s.c.URL.Hostname()
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.TLS.IsSet() {
		var err error
		if config, err = c.TLS.Get().ClientConfig(); err != nil {
			return nil, fmt.Errorf("notifications.tls: %w", err)
		}
	}
	config.NextProtos = []string{"http/1.1"}
	// What is no socket is not kept: each attempt has a transport of its own.
	t := &http.Transport{
		TLSHandshakeTimeout: 30 * time.Second, TLSClientConfig: wire.TLSFor(config, host), DialContext: s.dial, DisableKeepAlives: true,
	}
	if c.ProxyOptions.IsSet() {
		t.Proxy = func(r *http.Request) (*url.URL, error) { return c.ProxyOptions.Get().ProxyFor(r.URL) }
	}
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, nil
}

// dial connects to where the process was told to find a host.
func (s *Service) dial(ctx context.Context, network, address string) (net.Conn, error) {
	return wire.Dial(ctx, network, address, s.hosts)
}

// read passes events on until the connection ends or nothing came for too long.
func (s *Service) read(ctx context.Context, conn *websocket.Conn, c notificationsConfig) error {
	for {
		once, cancel := ctx, context.CancelFunc(func() {})
		if d := c.IdleTimeout; d > 0 && !d.Unlimited() {
			once, cancel = context.WithTimeout(ctx, d.D())
		}
		_, frame, err := conn.Read(once)
		cancel()
		if err != nil {
			return err
		}
		if e, ok := parseEvent(frame); ok {
			s.events.tell(e)
		}
	}
}

// beat sends a ping now and then, and ends when the server does not answer.
func beat(ctx context.Context, conn *websocket.Conn, c notificationsConfig) error {
	every := c.HeartbeatInterval
	if every <= 0 || every.Unlimited() {
		<-ctx.Done()
		return ctx.Err()
	}
	for wait(ctx, every.D()) {
		once, cancel := context.WithTimeout(ctx, max(every.D(), time.Second))
		err := conn.Ping(once)
		cancel()
		if err != nil {
			return fmt.Errorf("the server does not answer: %w", err)
		}
	}
	return ctx.Err()
}
