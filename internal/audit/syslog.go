package audit

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"gatehouse/internal/conf"
)

type syslogConfig struct {
	commonConfig
	// Protocol is how messages travel; TLS is TCP encrypted (RFC 5425).
	Protocol string `conf:"protocol,required,oneof=TCP|UDP|TLS"`
	// TLS says for the protocol TLS whom to trust and which certificate to show; the
	// default trusts the authorities that the system does.
	TLS *conf.Node `conf:"tls"`
	// Host and Port are the syslog server's.
	Host string `conf:"host,required"`
	Port int    `conf:"port,required,min=1,max=65535"`
	// ConnectTimeout bounds connecting, in seconds or as a duration.
	ConnectTimeout *connectTimeout `conf:"connectTimeout"`
	// Facility is the facility of all messages.
	Facility string `conf:"facility,required,oneof=KERN|USER|MAIL|DAEMON|AUTH|SYSLOG|LPR|NEWS|UUCP|CRON|AUTHPRIV|FTP|NTP|LOGAUDIT|LOGALERT|CLOCKD|LOCAL0|LOCAL1|LOCAL2|LOCAL3|LOCAL4|LOCAL5|LOCAL6|LOCAL7"`
	// SeverityFieldMappings take the severity from a field of the event.
	SeverityFieldMappings []severityMapping `conf:"severityFieldMappings"`
	Buffering             struct {
		Enabled bool `conf:"enabled"`
		// MaxSize is how many messages may wait for the server.
		MaxSize int `conf:"maxSize,min=1,default=5000"`
	} `conf:"buffering"`
}

// connectTimeout is a number of seconds or a duration.
type connectTimeout time.Duration

func (c *connectTimeout) UnmarshalConf(d *conf.Decoder, n *conf.Node) {
	if n.Kind == conf.Number {
		var seconds int
		if d.Decode(n, &seconds) {
			*c = connectTimeout(time.Duration(seconds) * time.Second)
		}
		return
	}
	var v conf.Duration
	if d.Decode(n, &v) {
		*c = connectTimeout(v)
	}
}

// DescribeConf names the kind of value.
func (*connectTimeout) DescribeConf() string { return "a number of seconds" }

type severityMapping struct {
	// Topic is the topic that the mapping is for.
	Topic string `conf:"topic,required"`
	// Field is a pointer to the field of the event.
	Field string `conf:"field,required"`
	// ValueMappings map values of the field to severities.
	ValueMappings map[string]string `conf:"valueMappings,required"`
}

// facilities and severities stand at the place that is their number (RFC 5424 §6.2.1).
var (
	facilities = strings.Fields("KERN USER MAIL DAEMON AUTH SYSLOG LPR NEWS UUCP CRON AUTHPRIV FTP NTP LOGAUDIT LOGALERT CLOCKD " +
		"LOCAL0 LOCAL1 LOCAL2 LOCAL3 LOCAL4 LOCAL5 LOCAL6 LOCAL7")
	severities = strings.Fields("EMERGENCY ALERT CRITICAL ERROR WARNING NOTICE INFORMATIONAL DEBUG")
)

const (
	informational = 6
	// maxWaiting is how many events of a topic wait for the server where buffering.maxSize does not say.
	maxWaiting = 5000
	// drainTime is how long the server may take for what waits when the gateway stops.
	drainTime = 5 * time.Second
	// writeTime is how long it may take for one message.
	writeTime = 10 * time.Second
)

// syslog sends messages in the form of RFC 5424 whose text is the JSON event.
func syslog(b *builder) func(string, *Topic) sink {
	var c syslogConfig
	if !b.decode(&c, &c.commonConfig) {
		return nil
	}
	for _, m := range c.SeverityFieldMappings {
		for _, s := range m.ValueMappings {
			if !slices.Contains(severities, strings.ToUpper(s)) {
				b.fail("severityFieldMappings", "expected one of %s, found %q", strings.Join(severities, ", "), s)
				return nil
			}
		}
	}
	secure, ok := c.secure(b)
	if !ok {
		return nil
	}
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "-"
	}
	timeout := 5 * time.Second
	if c.ConnectTimeout != nil && *c.ConnectTimeout > 0 {
		timeout = time.Duration(*c.ConnectTimeout)
	}
	size := c.Buffering.MaxSize
	if size == 0 {
		size = maxWaiting
	}
	address := net.JoinHostPort(c.Host, strconv.Itoa(c.Port))
	if to, ok := b.env.Hosts[address]; ok {
		address = to
	} else if to, ok := b.env.Hosts[c.Host]; ok {
		address = to
	}
	return func(name string, _ *Topic) sink {
		s := &syslogSink{
			network: strings.ToLower(c.Protocol), secure: secure, address: address, timeout: timeout, topic: name,
			facility: slices.Index(facilities, c.Facility), queue: make(chan []byte, size), end: make(chan struct{}),
			origin: " " + host + " gatehouse " + strconv.Itoa(os.Getpid()) + " " + name + " - ",
			log:    b.env.Log.With("handler", c.Name), now: b.env.Now,
		}
		for _, m := range c.SeverityFieldMappings {
			if m.Topic == name {
				s.mappings = append(s.mappings, m)
			}
		}
		return s
	}
}

// secure are the settings for the protocol TLS; nil for the others.
func (c *syslogConfig) secure(b *builder) (*tls.Config, bool) {
	if c.Protocol != "TLS" {
		if c.TLS != nil {
			b.fail("tls", "only the protocol TLS has settings of TLS, found %q", c.Protocol)
		}
		return nil, c.TLS == nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	switch {
	case c.TLS == nil:
	case b.env.ClientTLS == nil:
		b.fail("tls", "settings of TLS cannot be given here")
		return nil, false
	default:
		given, ok := b.env.ClientTLS(c.TLS)
		if !ok {
			return nil, false
		}
		config = given.Clone()
	}
	config.ServerName, config.NextProtos = c.Host, nil
	if verify := config.VerifyConnection; verify != nil {
		config.VerifyConnection = func(s tls.ConnectionState) error {
			s.ServerName = c.Host // the handshake does not mention addresses
			return verify(s)
		}
	}
	return config, true
}

// syslogSink hands messages to a goroutine of its own: a server that is slow or gone
// holds no request up. What does not fit into the queue is lost and counted.
type syslogSink struct {
	network, address string
	secure           *tls.Config // nil: in the clear
	timeout          time.Duration
	topic            string
	facility         int
	mappings         []severityMapping
	origin           string
	log              *slog.Logger
	now              func() time.Time

	queue chan []byte
	end   chan struct{}
	once  sync.Once // closes end
	done  sync.WaitGroup

	mu   sync.Mutex
	gone int // lost since it was last told
	loss atomic.Int64
}

func (s *syslogSink) lost() int64    { return s.loss.Load() }
func (s *syslogSink) waiting() int64 { return int64(len(s.queue)) }

func (s *syslogSink) start(context.Context) error {
	s.done.Go(s.run)
	return nil
}

func (s *syslogSink) write(event []byte) {
	select {
	case s.queue <- s.message(event):
	default:
		s.mu.Lock()
		s.gone++
		s.mu.Unlock()
		s.loss.Add(1)
	}
}

// message is the event as one message. Over TCP each ends with a line feed, which no
// event has within (RFC 6587 §3.4.2); over TLS its length comes first (RFC 5425 §4.3).
func (s *syslogSink) message(event []byte) []byte {
	b := make([]byte, 0, len(event)+len(s.origin)+48)
	b = append(b, '<')
	b = strconv.AppendInt(b, int64(s.facility*8+s.severity(event)), 10)
	b = append(b, ">1 "...)
	b = append(b, Timestamp(s.now())...)
	b = append(b, s.origin...)
	b = append(b, event...)
	switch s.network {
	case "tcp":
		b = append(b, '\n')
	case "tls":
		return append(append(strconv.AppendInt(nil, int64(len(b)), 10), ' '), b...)
	}
	return b
}

func (s *syslogSink) severity(event []byte) int {
	if len(s.mappings) == 0 {
		return informational
	}
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(event, &fields) // the event is JSON of our own making
	opened := map[string]map[string]json.RawMessage{"": fields}
	for _, m := range s.mappings {
		column := strings.ReplaceAll(strings.Trim(m.Field, "/"), "/", ".")
		value := cellText(find(opened, column))
		if to, ok := m.ValueMappings[value]; ok {
			return slices.Index(severities, strings.ToUpper(to))
		}
	}
	return informational
}

func (s *syslogSink) run() {
	var c net.Conn
	defer func() {
		if c != nil {
			_ = c.Close()
		}
	}()
	wait := time.Duration(0)
	for {
		var m []byte
		select {
		case m = <-s.queue:
		case <-s.end:
			select {
			case m = <-s.queue:
			default:
				return
			}
		}
		for {
			var err error
			if c, err = s.send(c, m); err == nil {
				wait = 0
				s.report()
				break
			}
			if errors.Is(err, syscall.EMSGSIZE) { // no datagram can ever hold it
				s.log.Error("an audit event is lost: it is too large for UDP", "server", s.address, "bytes", len(m))
				s.loss.Add(1)
				break
			}
			if wait == 0 {
				s.log.Error("audit events cannot be sent; they wait", "server", s.address, "error", err)
			}
			wait = min(max(2*wait, 100*time.Millisecond), 5*time.Second)
			if !s.pause(wait) {
				s.log.Error("audit events are lost: the syslog server could not be reached until the end", "server", s.address, "events", 1+len(s.queue))
				return
			}
		}
	}
}

// pause waits, and says whether to try again.
func (s *syslogSink) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.end:
		return false
	}
}

// send writes a message, over a new connection when there is none.
func (s *syslogSink) send(c net.Conn, m []byte) (net.Conn, error) {
	if c == nil {
		var err error
		if c, err = s.dial(); err != nil {
			return nil, err
		}
	}
	_ = c.SetWriteDeadline(time.Now().Add(writeTime))
	if _, err := c.Write(m); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

func (s *syslogSink) dial() (net.Conn, error) {
	dialer := &net.Dialer{Timeout: s.timeout}
	if s.secure == nil {
		return dialer.Dial(s.network, s.address)
	}
	return tls.DialWithDialer(dialer, "tcp", s.address, s.secure)
}

// report tells how many events did not fit into the queue.
func (s *syslogSink) report() {
	s.mu.Lock()
	lost := s.gone
	s.gone = 0
	s.mu.Unlock()
	if lost > 0 {
		s.log.Error("audit events were lost: too many waited for the syslog server", "server", s.address, "events", lost)
	}
}

// stop sends what waits, but not for ever.
func (s *syslogSink) stop() {
	s.once.Do(s.drain)
}

func (s *syslogSink) drain() {
	close(s.end)
	done := make(chan struct{})
	go func() {
		s.done.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(drainTime):
		s.log.Error("audit events are lost: the syslog server takes too long", "server", s.address, "events", len(s.queue))
	}
}
