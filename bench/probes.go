package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"gatehouse/internal/gateway/chain"
	"gatehouse/internal/gateway/wire"
)

// probe runs one of the bare servers that gatehouse is compared with. It prints its
// address.
func probe(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("probe NAME ARG")
	}
	switch args[0] {
	case "upstream":
		return upstream()
	case "wire":
		return wireProxy(args[1])
	case "reverseproxy":
		return serve(reverseProxy(args[1]))
	case "batch":
		return syncedBatch(args[1])
	case "json":
		return serve(http.HandlerFunc(bareJSON))
	case "jwt":
		return bareJWT()
	}
	return fmt.Errorf("there is no probe %s", args[0])
}

func serve(h http.Handler) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return http.Serve(l, h)
}

const upstreamAnswer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\nfrom the app"

// upstream answers every request with the same text, as cheaply as possible.
func upstream() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			r := bufio.NewReader(c)
			for {
				for {
					line, err := r.ReadSlice('\n')
					if err != nil {
						return
					}
					if len(line) <= 2 {
						break
					}
				}
				if _, err := io.WriteString(c, upstreamAnswer); err != nil {
					return
				}
			}
		}()
	}
}

// wireProxy is the gateway's own wire code with nothing in between.
func wireProxy(target string) error {
	u, err := chain.ParseURI(target)
	if err != nil {
		return err
	}
	client := wire.NewClient(wire.ClientOptions{})
	s := wire.NewServer(wire.Options{}, chain.HandlerFunc(func(x *chain.Exchange) (*chain.Response, error) {
		x.Request.URI.Rebase(u)
		return client.Do(x)
	}))
	addr, err := s.Listen("127.0.0.1:0", nil)
	if err != nil {
		return err
	}
	fmt.Println(addr)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	go func() { <-ctx.Done(); _ = s.Shutdown(context.Background()) }()
	return s.Serve()
}

// reverseProxy is the standard library's, with enough idle connections.
func reverseProxy(target string) http.Handler {
	u, err := url.Parse(target)
	if err != nil {
		panic(err)
	}
	return &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(u) },
		Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true},
	}
}

// syncedBatch reads a form and writes one synced batch: the least that a durable
// token endpoint must do.
func syncedBatch(dir string) error {
	db, err := pebble.Open(dir, &pebble.Options{Logger: silent{}})
	if err != nil {
		return err
	}
	return serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		key := make([]byte, 32)
		_, _ = rand.Read(key)
		b := db.NewBatch()
		_ = b.Set(key, make([]byte, 300), nil)
		_ = b.Set(append([]byte("index-one-"), key...), nil, nil)
		_ = b.Set(append([]byte("index-two-"), key...), nil, nil)
		if err := b.Commit(pebble.Sync); err != nil {
			http.Error(w, err.Error(), 500)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"access_token": fmt.Sprintf("%x", key), "scope": "write", "token_type": "Bearer", "expires_in": 3599})
	}))
}

// bareJWT reads a form and answers a JWT signed with ES256 by the standard library, with the claims of an access token.
func bareJWT() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	encode := base64.RawURLEncoding.EncodeToString
	head := encode([]byte(`{"typ":"JWT","kid":"wU3ifIIaLOUAReRB/FG6eM1P1QM=","alg":"ES256"}`))
	return serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		id := make([]byte, 20)
		_, _ = rand.Read(id)
		now := time.Now().Unix()
		payload, err := json.Marshal(accessClaims{
			Sub: "(age!client-jwt)", CTS: "OAUTH2_STATELESS_GRANT", AuditID: "4be1f5d3-7d14-4c3f-8f5f-3d4d8f3a6c1e-1", Subname: "client-jwt",
			Iss: "http://am.example.com/openam/oauth2", TokenName: "access_token", TokenType: "Bearer", GrantID: encode(id),
			ClientID: "client-jwt", Aud: "client-jwt", Nbf: now, GrantType: "client_credentials", Scope: []string{"client-scope"},
			AuthTime: now, Realm: "/", Exp: now + 3600, Iat: now, ExpiresIn: 3600, Jti: encode(id),
		})
		if err != nil {
			http.Error(w, err.Error(), 500)
			return
		}
		signed := head + "." + encode(payload)
		sum := sha256.Sum256([]byte(signed))
		a, b, err := ecdsa.Sign(rand.Reader, key, sum[:])
		if err != nil {
			http.Error(w, err.Error(), 500)
			return
		}
		signature := make([]byte, 64)
		a.FillBytes(signature[:32])
		b.FillBytes(signature[32:])
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"access_token": signed + "." + encode(signature), "scope": "client-scope", "token_type": "Bearer", "expires_in": 3599})
	}))
}

// accessClaims are those of an access token of the authorization server.
type accessClaims struct {
	Sub       string   `json:"sub"`
	CTS       string   `json:"cts"`
	AuditID   string   `json:"auditTrackingId"`
	Subname   string   `json:"subname"`
	Iss       string   `json:"iss"`
	TokenName string   `json:"tokenName"`
	TokenType string   `json:"token_type"`
	GrantID   string   `json:"authGrantId"`
	ClientID  string   `json:"client_id"`
	Aud       string   `json:"aud"`
	Nbf       int64    `json:"nbf"`
	GrantType string   `json:"grant_type"`
	Scope     []string `json:"scope"`
	AuthTime  int64    `json:"auth_time"`
	Realm     string   `json:"realm"`
	Exp       int64    `json:"exp"`
	Iat       int64    `json:"iat"`
	ExpiresIn int64    `json:"expires_in"`
	Jti       string   `json:"jti"`
}

type silent struct{}

func (silent) Infof(string, ...any)  {}
func (silent) Errorf(string, ...any) {}
func (silent) Fatalf(f string, a ...any) {
	panic(fmt.Sprintf(f, a...))
}

// bareJSON reads a form and answers a JSON object of the size of an introspection.
func bareJSON(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), 400)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(struct {
		Active    bool   `json:"active"`
		Scope     string `json:"scope"`
		Realm     string `json:"realm"`
		ClientID  string `json:"client_id"`
		UserID    string `json:"user_id"`
		Username  string `json:"username"`
		TokenType string `json:"token_type"`
		Exp       int64  `json:"exp"`
		Sub       string `json:"sub"`
		Subname   string `json:"subname"`
		Iss       string `json:"iss"`
		AuthLevel int    `json:"auth_level"`
		GrantID   string `json:"authGrantId"`
		AuditID   string `json:"auditTrackingId"`
	}{true, "client-scope", "/", "client-service", "client-service", "client-service", "Bearer", 1900000000,
		"(age!client-service)", "client-service", "http://127.0.0.1/openam/oauth2", 0, "W-jnothing-to-see-hereE1E", "4be-1"})
}
