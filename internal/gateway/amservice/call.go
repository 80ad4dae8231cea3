package amservice

import (
	"encoding/json"
	"fmt"
	"io"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/observe"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 1 << 20

// post makes a request of the REST interface.
func post(url, version string, body any) (*chain.Request, error) {
	req, err := get(url, version)
	if err != nil {
		return nil, err
	}
	req.Method = "POST"
	if err := req.Entity.SetJSON(body); err != nil {
		return nil, err
	}
	req.Header["Content-Type"] = []string{"application/json"}
	return req, nil
}

func get(url, version string) (*chain.Request, error) {
	uri, err := chain.ParseURI(url)
	if err != nil {
		return nil, err
	}
	req := chain.NewRequest()
	req.URI = uri
	req.Header["Accept-Api-Version"] = []string{version}
	req.Header["Accept"] = []string{"application/json"}
	return req, nil
}

// send sends a request and, when the status is 200, decodes the answer into v.
func (s *Service) send(x *chain.Exchange, req *chain.Request, v any) (int, error) {
	call := x.With(req)
	ctx, span := observe.Start(x.Ctx(), "AmService")
	if ctx != x.Ctx() {
		call = call.WithCtx(ctx)
	}
	resp, err := s.handler.Handle(call)
	span.End(err)
	if err != nil {
		return 0, err
	}
	return decode(resp, v)
}

func decode(resp *chain.Response, v any) (int, error) {
	defer resp.Entity.Close()
	if resp.Status.Code != 200 || v == nil {
		return resp.Status.Code, nil
	}
	body, _ := resp.Entity.Open()
	if body == nil {
		return resp.Status.Code, fmt.Errorf("the answer is empty")
	}
	if err := json.NewDecoder(io.LimitReader(body, maxAnswer)).Decode(v); err != nil {
		return resp.Status.Code, fmt.Errorf("the answer is not JSON of the expected shape")
	}
	return resp.Status.Code, nil
}
