package script

import (
	"context"
	"fmt"
	"mime"
	"strings"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/groovy"
)

// Mail is a mail that a script sends. Kind is its media type.
type Mail struct{ To, Subject, Kind, Text string }

// SendMail sends a mail through the realm's Email Service.
type SendMail func(ctx context.Context, rl *realm.Realm, m *Mail) error

// maxMails bounds the mails of one run.
const maxMails = 10

// emailService is the binding of that name, in the newer dialect.
type emailService struct{ run *run }

// GroovyClass is the binding's.
func (*emailService) GroovyClass() *groovy.Class { return emailServiceClass }

var emailServiceClass = &groovy.Class{
	Name: "org.forgerock.openam.scripting.bindings.EmailServiceScriptWrapper",
	Methods: map[string]groovy.Method{
		// The media type is behind the text.
		"send": withRange(3, 4, func(c *groovy.Call) (groovy.Value, error) {
			r := c.This.(*emailService).run
			m := &Mail{text(c.Arg(0)), text(c.Arg(1)), "text/plain", text(c.Arg(2))}
			if v := c.Arg(3); v != nil {
				kind, _, err := mime.ParseMediaType(text(v))
				if err != nil || !strings.HasPrefix(kind, "text/") {
					return nil, illegal("emailService.send: expected text/plain or text/html, found %s", clip(text(v), 100))
				}
				m.Kind = kind
			}
			return nil, r.mail(c, m)
		}),
	},
}

func (r *run) mail(c *groovy.Call, m *Mail) error {
	o := r.eng.options
	if o.Mail == nil {
		return unsupported("emailService: no mails are sent from here")
	}
	if r.mails++; r.mails > maxMails {
		return illegal("emailService: more than %d mails in one run", maxMails)
	}
	if len(m.Text) > maxBody {
		return illegal("emailService: the mail is over %d bytes", maxBody)
	}
	if r.waited >= o.Limits.Wait {
		return illegal("emailService: the script has waited %v for answers, and may no longer", o.Limits.Wait)
	}
	var err error
	r.wait(c, func() { err = o.Mail(r.ctx, r.realm, m) })
	if err != nil {
		return fmt.Errorf("emailService: %w", err)
	}
	return nil
}
