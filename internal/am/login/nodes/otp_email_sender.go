package nodes

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/mail"
	"net/smtp"
	"strconv"
	"strings"
	"time"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/store"
)

// otpSender sends the one-time password by mail.
type otpSender struct {
	Host      string            `json:"hostName"`
	Port      int               `json:"hostPort"`
	Username  string            `json:"username,omitempty"`
	Password  string            `json:"password,omitempty"` // sealed
	From      string            `json:"fromEmailAddress"`
	Attribute string            `json:"emailAttribute"`
	Subject   map[string]string `json:"emailSubject"`
	Content   map[string]string `json:"emailContent"`
	SSL       string            `json:"sslOption"` // "SSL", "START_TLS" or "NON_SSL"
	Class     string            `json:"smsGatewayImplementationClass,omitempty"`
}

func newOTPSender() *otpSender {
	return &otpSender{
		Host: "mail.example.com", Port: 25, From: "no-reply@example.com", Attribute: "mail", SSL: "SSL",
		Subject: map[string]string{"en": "Your One Time Password"}, Content: map[string]string{"en": "Here is your One Time Password: {{OTP}}"},
	}
}

func (*otpSender) Outcomes() []string { return next }

func (n *otpSender) Process(s *journey.Step) (journey.Result, error) {
	code := s.State.Text(otpValue)
	if code == "" {
		return journey.Result{}, errors.New("there is no one-time password to send: a generator must come first")
	}
	u, err := s.User()
	if errors.Is(err, store.ErrNotFound) {
		return journey.To("outcome")
	}
	if err != nil {
		return journey.Result{}, err
	}
	to := u.Attribute(cmp.Or(n.Attribute, "mail"))
	if len(to) == 0 {
		return journey.Result{}, fmt.Errorf("the user %s has no %s to send a one-time password to", u.Name, cmp.Or(n.Attribute, "mail"))
	}
	password, err := s.Host.OpenSecret(n.Password)
	if err != nil {
		return journey.Result{}, err
	}
	text := s.Text(n.Content, "{{OTP}}")
	if !strings.Contains(text, "{{OTP}}") {
		text += "\n{{OTP}}"
	}
	if err := n.send(to[0], s.Text(n.Subject, "Your One Time Password"), strings.ReplaceAll(text, "{{OTP}}", code), password); err != nil {
		return journey.Result{}, fmt.Errorf("send one-time password: %w", err)
	}
	return journey.To("outcome")
}

// mailTime bounds sending a mail.
const mailTime = 20 * time.Second

func (n *otpSender) send(to, subject, text, password string) error {
	from, err := mail.ParseAddress(n.From)
	if err != nil {
		return fmt.Errorf("fromEmailAddress: %w", err)
	}
	rcpt, err := mail.ParseAddress(to)
	if err != nil {
		return fmt.Errorf("the user's address: %w", err)
	}
	c, err := net.DialTimeout("tcp", net.JoinHostPort(n.Host, strconv.Itoa(n.Port)), mailTime)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(mailTime)); err != nil {
		return err
	}
	secure := &tls.Config{ServerName: n.Host, MinVersion: tls.VersionTLS12}
	if n.SSL == "SSL" {
		c = tls.Client(c, secure)
	}
	client, err := smtp.NewClient(c, n.Host)
	if err != nil {
		return err
	}
	if n.SSL == "START_TLS" {
		if err := client.StartTLS(secure); err != nil {
			return err
		}
	}
	if n.Username != "" {
		if err := client.Auth(smtp.PlainAuth("", n.Username, password, n.Host)); err != nil {
			return err
		}
	}
	if err := client.Mail(from.Address); err != nil {
		return err
	}
	if err := client.Rcpt(rcpt.Address); err != nil {
		return err
	}
	w, err := client.Data()
	if err != nil {
		return err
	}
	body := strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
	_, err = fmt.Fprintf(w, "From: %s\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n%s\r\n",
		from, rcpt, mime.QEncoding.Encode("UTF-8", subject), time.Now().Format(time.RFC1123Z), body)
	if err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return client.Quit()
}
