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
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// mailServer are the settings of the server that takes the one-time passwords, as mail for people or for a gateway that
// makes text messages of it.
type mailServer struct {
	Host     string `json:"hostName"`
	Port     int    `json:"hostPort"`
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"` // sealed
	From     string `json:"fromEmailAddress"`
	SSL      string `json:"sslOption"` // "SSL", "START_TLS" or "NON_SSL"
	Class    string `json:"smsGatewayImplementationClass,omitempty"`
}

func newMailServer() mailServer {
	return mailServer{Host: "mail.example.com", Port: 25, From: "no-reply@example.com", SSL: "SSL"}
}

// gatewayClass is the class of PingAM that does what is done here.
const gatewayClass = "com.sun.identity.authentication.modules.hotp.DefaultSMSGatewayImpl"

// deliver sends the one-time password to an address that address makes of the user. Nobody is told whether there is
// such a user.
func (n *mailServer) deliver(s *journey.Step, subject, content map[string]string, address func(*realm.User) (string, error)) (journey.Result, error) {
	if n.Class != "" && n.Class != gatewayClass {
		return journey.Result{}, fmt.Errorf("smsGatewayImplementationClass: %s is a class of Java, which this server does not run", n.Class)
	}
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
	to, err := address(u)
	if err != nil {
		return journey.Result{}, err
	}
	password, err := s.Host.OpenSecret(n.Password)
	if err != nil {
		return journey.Result{}, err
	}
	text := s.Text(content, "{{OTP}}")
	if !strings.Contains(text, "{{OTP}}") {
		text += "\n{{OTP}}"
	}
	if err := n.send(to, s.Text(subject, "Your One Time Password"), strings.ReplaceAll(text, "{{OTP}}", code), password); err != nil {
		return journey.Result{}, fmt.Errorf("send one-time password: %w", err)
	}
	return journey.To("outcome")
}

// otpSender sends the one-time password by mail.
type otpSender struct {
	mailServer
	Attribute string            `json:"emailAttribute"`
	Subject   map[string]string `json:"emailSubject"`
	Content   map[string]string `json:"emailContent"`
}

func newOTPSender() *otpSender {
	return &otpSender{
		mailServer: newMailServer(), Attribute: "mail",
		Subject: map[string]string{"en": "Your One Time Password"}, Content: map[string]string{"en": "Here is your One Time Password: {{OTP}}"},
	}
}

func (*otpSender) Outcomes() []string { return next }

func (n *otpSender) Process(s *journey.Step) (journey.Result, error) {
	return n.deliver(s, n.Subject, n.Content, func(u *realm.User) (string, error) {
		return attributeOf(u, cmp.Or(n.Attribute, "mail"))
	})
}

func attributeOf(u *realm.User, name string) (string, error) {
	if values := u.Attribute(name); len(values) > 0 && values[0] != "" {
		return values[0], nil
	}
	return "", fmt.Errorf("the user %s has no %s to send a one-time password to", u.Name, name)
}

// otpSMSSender sends the one-time password by text message: as mail to NUMBER@CARRIER, whose gateway does the rest.
type otpSMSSender struct {
	mailServer
	Phone   string            `json:"mobilePhoneAttributeName"`
	Carrier string            `json:"mobileCarrierAttributeName,omitempty"`
	Subject map[string]string `json:"smsSubject"`
	Content map[string]string `json:"smsContent"`
}

func newOTPSMSSender() *otpSMSSender {
	return &otpSMSSender{
		mailServer: newMailServer(), Phone: "telephoneNumber",
		Subject: map[string]string{"en": "Your One Time Password"}, Content: map[string]string{"en": "Here is your One Time Password: {{OTP}}"},
	}
}

func (*otpSMSSender) Outcomes() []string { return next }

func (n *otpSMSSender) Process(s *journey.Step) (journey.Result, error) {
	return n.deliver(s, n.Subject, n.Content, func(u *realm.User) (string, error) {
		phone, err := attributeOf(u, cmp.Or(n.Phone, "telephoneNumber"))
		if err != nil || n.Carrier == "" {
			return phone, err // a number alone is no address; an attribute may hold one
		}
		carrier, err := attributeOf(u, n.Carrier)
		return strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", "/", "").Replace(phone) + "@" + strings.TrimPrefix(carrier, "@"), err
	})
}

// mailTime bounds sending a mail.
const mailTime = 20 * time.Second

func (n *mailServer) send(to, subject, text, password string) error {
	return n.sendKind(to, subject, "text/plain", text, password)
}

// sendKind sends a text of a media type.
func (n *mailServer) sendKind(to, subject, kind, text, password string) error {
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
	_, err = fmt.Fprintf(w, "From: %s\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMIME-Version: 1.0\r\nContent-Type: %s; charset=UTF-8\r\n\r\n%s\r\n",
		from, rcpt, mime.QEncoding.Encode("UTF-8", subject), time.Now().Format(time.RFC1123Z), kind, body)
	if err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return client.Quit()
}
