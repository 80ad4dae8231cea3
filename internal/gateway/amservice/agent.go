package amservice

import (
	"context"
	"fmt"
	"mime"
	"net/url"
	"sync/atomic"
	"time"

	"gatehouse/internal/gateway/chain"
)

// agent keeps the token of the gateway's agent.
type agent struct {
	token  atomic.Pointer[string]
	flight Flight[string]
	failed atomic.Pointer[failedLogin]
}

// failedLogin is a login that did not work. Until its time is over it answers for the next
// ones too: requests of users must not become logins that lock the agent out.
type failedLogin struct {
	err   error
	until time.Time
}

const (
	afterRefusal = 10 * time.Second // of a server that does not take name and password
	afterFailure = time.Second
)

// AgentToken returns the session token of the gateway's agent; it logs in when there
// is none. However many requests need it, one logs in.
func (s *Service) AgentToken(x *chain.Exchange) (string, error) {
	if t := s.agent.token.Load(); t != nil {
		return *t, nil
	}
	return s.agent.flight.Do(x, "", func() (string, error) {
		if t := s.agent.token.Load(); t != nil {
			return *t, nil
		}
		if f := s.agent.failed.Load(); f != nil && s.now().Before(f.until) {
			return "", f.err
		}
		t, status, err := s.login(x)
		switch {
		case err == nil:
			s.agent.token.Store(&t)
			s.agent.failed.Store(nil)
		case status == 401:
			s.agent.failed.Store(&failedLogin{err, s.now().Add(afterRefusal)})
		case x.Ctx().Err() == nil:
			s.agent.failed.Store(&failedLogin{err, s.now().Add(afterFailure)})
		}
		return t, err
	})
}

// forget drops a token that the server no longer takes, unless a newer one is there.
func (s *Service) forget(token string) {
	if t := s.agent.token.Load(); t != nil && *t == token {
		s.agent.token.CompareAndSwap(t, nil)
	}
}

// login also returns the status of the server's answer, 0 for none.
func (s *Service) login(x *chain.Exchange) (token string, status int, err error) {
	password, err := s.AgentPassword(x.Ctx())
	if err != nil {
		return "", 0, fmt.Errorf("log in agent %q: %w", s.c.Agent.Username, err)
	}
	resource := "authenticate"
	if s.c.Agent.Journey != "" {
		resource += "?" + url.Values{"authIndexType": {"service"}, "authIndexValue": {s.c.Agent.Journey}}.Encode()
	}
	req, err := post(s.JSONURL("", resource), "protocol=1.0,resource=2.1", map[string]any{})
	if err != nil {
		return "", 0, err
	}
	req.Header["X-Openam-Username"] = []string{mime.BEncoding.Encode("UTF-8", s.c.Agent.Username)}
	req.Header["X-Openam-Password"] = []string{mime.BEncoding.Encode("UTF-8", password)}
	var answer struct {
		TokenID string `json:"tokenId"`
		AuthID  string `json:"authId"`
	}
	status, err = s.send(x, req, &answer)
	switch {
	case err != nil:
		return "", status, fmt.Errorf("log in agent %q at %s: %w", s.c.Agent.Username, s.url, err)
	case status != 200:
		return "", status, fmt.Errorf("log in agent %q at %s: status %d", s.c.Agent.Username, s.url, status)
	case answer.AuthID != "":
		return "", status, fmt.Errorf("log in agent %q at %s: the journey %q asks for more than name and password", s.c.Agent.Username, s.url, s.c.Agent.Journey)
	case answer.TokenID == "" || chain.CheckHeader("Cookie", answer.TokenID) != nil:
		return "", status, fmt.Errorf("log in agent %q at %s: the answer has no usable token", s.c.Agent.Username, s.url)
	}
	return answer.TokenID, status, nil
}

// Call sends a request in the name of the agent. A token that the server refuses is
// renewed once. The body of req must be in memory.
func (s *Service) Call(x *chain.Exchange, req *chain.Request) (*chain.Response, error) {
	header, err := s.TokenHeader(x)
	if err != nil {
		return nil, err
	}
	for attempt := 0; ; attempt++ {
		token, err := s.AgentToken(x)
		if err != nil {
			return nil, err
		}
		once, err := req.Clone()
		if err != nil {
			return nil, err
		}
		once.Header[header] = []string{token}
		resp, err := s.handler.Handle(x.With(once))
		if err != nil || resp.Status.Code != 401 || attempt > 0 {
			return resp, err
		}
		resp.Entity.Close()
		s.forget(token)
	}
}

// Stop ends the socket for events and logs the agent out.
func (s *Service) Stop() {
	s.stopFollowing()
	if t := s.agent.token.Swap(nil); t != nil {
		s.logout(*t)
	}
}

// logout ends one of the agent's sessions.
func (s *Service) logout(token string) {
	ctx, cancel := context.WithTimeout(context.Background(), logoutTime)
	defer cancel()
	x := chain.New(ctx, nil, &chain.RootContext{})
	header, err := s.TokenHeader(x)
	if err == nil {
		var req *chain.Request
		if req, err = post(s.JSONURL("", "sessions?_action=logout"), "protocol=1.0,resource=3.1", map[string]any{}); err == nil {
			req.Header[header] = []string{token}
			_, err = s.send(x, req, nil)
		}
	}
	if err != nil {
		s.log.Debug("log out agent", "error", err)
	}
}

// logoutTime bounds what a stopping gateway waits for.
const logoutTime = 2 * time.Second

// AgentPassword is the password of the agent, from which filters derive keys that all
// gateways of one agent share.
func (s *Service) AgentPassword(ctx context.Context) (string, error) {
	if p := s.c.Agent.Password; p != "" {
		return p, nil
	}
	return s.c.SecretsProvider.Password(ctx, s.c.Agent.PasswordSecretID)
}
