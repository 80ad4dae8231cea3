package handlers

import (
	_ "embed"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/heap"
)

//go:embed welcome.html
var welcomePage []byte

type welcomeConfig struct{}

var welcome = heap.Define("WelcomeHandler", func(*welcomeConfig, *heap.Env) (chain.Handler, error) {
	return chain.HandlerFunc(func(*chain.Exchange) (*chain.Response, error) {
		resp := chain.NewResponse(200)
		resp.Header.Set("Content-Type", "text/html; charset=UTF-8")
		resp.Header.Set("X-Content-Type-Options", "nosniff")
		resp.Entity.SetBytes(welcomePage)
		return resp, nil
	}), nil
})
