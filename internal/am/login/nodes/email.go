package nodes

import (
	"cmp"
	"context"
	"errors"
	"net/mail"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/store"
)

// emailTo is whom a node writes to.
type emailTo struct {
	Template  string `json:"emailTemplateName"`
	Attribute string `json:"emailAttribute"`
	Identity  string `json:"identityAttribute"`
}

// recipient is the address, and what the template may show; "" for nobody. lookup asks for the user as he is, else it is
// what was collected of one.
func (n *emailTo) recipient(s *journey.Step, lookup bool) (to string, object map[string]string, err error) {
	attribute := cmp.Or(n.Attribute, "mail")
	if lookup {
		u, err := identified(s, n.Identity)
		if errors.Is(err, store.ErrNotFound) {
			return "", nil, nil
		}
		if err != nil {
			return "", nil, err
		}
		if list := u.Attribute(attributeHere(attribute)); len(list) > 0 {
			to = list[0]
		}
		return address(to), objectOf(u), nil
	}
	object = map[string]string{}
	for name, v := range s.State.Object() {
		if text, ok := v.(string); ok && name != "password" {
			object[name] = text
		}
	}
	return address(object[attribute]), object, nil
}

// address is a text that is one address of mail, else "".
func address(text string) string {
	if a, err := mail.ParseAddress(text); err == nil {
		return a.Address
	}
	return ""
}

// send writes to somebody, unless he was written to too often a moment ago.
func (n *emailTo) send(s *journey.Step, to string, object map[string]string) (sent bool) {
	allowed, count := s.Host.Guess(s.Realm, "mail "+to)
	if !allowed {
		s.Log.WarnContext(s.Context(), "no more mails to an address for a while", "node", s.NodeID)
		return false
	}
	count(false)
	if err := mailTo(s, n.Template, to, object); err != nil {
		s.Log.ErrorContext(s.Context(), "a mail of a journey was not sent", "node", s.NodeID, "error", err)
		return false
	}
	return true
}

// emailTemplateNode sends a mail to the user.
type emailTemplateNode struct{ emailTo }

func (*emailTemplateNode) Outcomes() []string { return []string{"EMAIL_SENT", "EMAIL_NOT_SENT"} }

func (n *emailTemplateNode) Process(s *journey.Step) (journey.Result, error) {
	to, object, err := n.recipient(s, true)
	if err != nil {
		return journey.Result{}, err
	}
	if to == "" || !n.send(s, to, object) {
		return journey.To("EMAIL_NOT_SENT")
	}
	return journey.To("EMAIL_SENT")
}

// emailSuspend sends a mail with a link by which the journey goes on, whichever browser follows it. What is shown is the
// same whether or not there is somebody to write to.
type emailSuspend struct {
	emailTo
	Message map[string]string `json:"emailSuspendMessage"`
	Lookup  bool              `json:"objectLookup"`
	Minutes int               `json:"suspendDuration,omitempty"`
}

func newEmailSuspend() *emailSuspend {
	return &emailSuspend{emailTo: emailTo{Template: "registration", Attribute: "mail", Identity: "userName"}, Message: map[string]string{
		"en": "An email has been sent to the address you entered. Click the link in that email to proceed.",
	}}
}

func (*emailSuspend) Outcomes() []string { return next }

func (n *emailSuspend) Process(s *journey.Step) (journey.Result, error) {
	if s.Resumed {
		return journey.To("outcome")
	}
	text := s.Text(n.Message, "An email has been sent.")
	if s.Answers != nil { // the client has nothing to answer: the link has
		return journey.Ask(journey.Suspended(text))
	}
	to, object, err := n.recipient(s, n.Lookup)
	if err != nil {
		return journey.Result{}, err
	}
	r := journey.Result{Callbacks: []journey.Callback{journey.Suspended(text)}}
	if to != "" {
		r.Suspend = &journey.Suspension{Minutes: n.Minutes, Send: func(link string) {
			object["resumeURI"] = link
			later := *s // the request is over by then
			later.Request = s.Request.WithContext(context.WithoutCancel(s.Context()))
			n.send(&later, to, object)
		}}
	}
	return r, nil
}
