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
}

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
		t, err := s.login(x)
		if err == nil {
			s.agent.token.Store(&t)
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

func (s *Service) login(x *chain.Exchange) (string, error) {
	password, err := s.AgentPassword(x.Ctx())
	if err != nil {
		return "", fmt.Errorf("log in agent %q: %w", s.c.Agent.Username, err)
	}
	resource := "authenticate"
	if s.c.Agent.Journey != "" {
		resource += "?" + url.Values{"authIndexType": {"service"}, "authIndexValue": {s.c.Agent.Journey}}.Encode()
	}
	req, err := post(s.JSONURL("", resource), "protocol=1.0,resource=2.1", map[string]any{})
	if err != nil {
		return "", err
	}
	req.Header["X-Openam-Username"] = []string{mime.BEncoding.Encode("UTF-8", s.c.Agent.Username)}
	req.Header["X-Openam-Password"] = []string{mime.BEncoding.Encode("UTF-8", password)}
	var answer struct {
		TokenID string `json:"tokenId"`
		AuthID  string `json:"authId"`
	}
	status, err := s.send(x, req, &answer)
	switch {
	case err != nil:
		return "", fmt.Errorf("log in agent %q at %s: %w", s.c.Agent.Username, s.url, err)
	case status != 200:
		return "", fmt.Errorf("log in agent %q at %s: status %d", s.c.Agent.Username, s.url, status)
	case answer.AuthID != "":
		return "", fmt.Errorf("log in agent %q at %s: the journey %q asks for more than name and password", s.c.Agent.Username, s.url, s.c.Agent.Journey)
	case answer.TokenID == "" || chain.CheckHeader("Cookie", answer.TokenID) != nil:
		return "", fmt.Errorf("log in agent %q at %s: the answer has no usable token", s.c.Agent.Username, s.url)
	}
	return answer.TokenID, nil
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
