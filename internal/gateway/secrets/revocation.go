package secrets

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ocsp"

	"gatehouse/internal/gateway/chain"
)

// revocation finds out whether certificates were revoked: from their authority's
// responder (RFC 6960), else from its list (RFC 5280 §5). What cannot be found out
// counts as revoked. Only URLs in certificates that a trusted authority issued are
// asked, so a stranger's certificate cannot make the gateway call anyone.
type revocation struct {
	handler chain.Handler
	now     func() time.Time

	mu    sync.Mutex
	known map[[sha256.Size]byte]verdict
}

type verdict struct {
	err   error // nil: not revoked
	until time.Time
}

const (
	revocationTime   = 5 * time.Second // for one question
	maxOCSP          = 64 << 10
	maxCRL           = 16 << 20
	maxVerdicts      = 4096
	longestVerdict   = time.Hour
	shortestVerdict  = time.Minute // also how long a failure to find out is remembered
	revocationLeeway = 5 * time.Minute
)

var errUndetermined = errors.New("whether it was revoked cannot be found out")

// check looks at every certificate of a chain but the trusted one at its end.
func (r *revocation) check(ctx context.Context, path []*x509.Certificate) error {
	for i := range len(path) - 1 {
		if err := r.status(ctx, path[i], path[i+1]); err != nil {
			return fmt.Errorf("the certificate of %q: %w", path[i].Subject.CommonName, err)
		}
	}
	return nil
}

func (r *revocation) status(ctx context.Context, cert, issuer *x509.Certificate) error {
	key := sha256.Sum256(cert.Raw)
	now := r.now()
	r.mu.Lock()
	v, ok := r.known[key]
	r.mu.Unlock()
	if ok && now.Before(v.until) {
		return v.err
	}
	// Others may be waiting for the same answer later, so it is found out even when
	// this peer goes away.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*revocationTime)
	defer cancel()
	v = r.ask(ctx, cert, issuer)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known == nil || len(r.known) >= maxVerdicts {
		r.known = map[[sha256.Size]byte]verdict{}
	}
	r.known[key] = v
	return v.err
}

// ask tries one place after the other until one knows.
func (r *revocation) ask(ctx context.Context, cert, issuer *x509.Certificate) verdict {
	var reasons []string
	for _, url := range cert.OCSPServer {
		v, err := r.askResponder(ctx, url, cert, issuer)
		if err == nil {
			return v
		}
		reasons = append(reasons, err.Error())
	}
	for _, url := range cert.CRLDistributionPoints {
		v, err := r.askList(ctx, url, cert, issuer)
		if err == nil {
			return v
		}
		reasons = append(reasons, err.Error())
	}
	if len(reasons) == 0 {
		reasons = []string{"it names neither a responder nor a list; set \"checkRevocation\" to false for such certificates"}
	}
	return verdict{fmt.Errorf("%w: %s", errUndetermined, strings.Join(reasons, "; ")), r.now().Add(shortestVerdict)}
}

func (r *revocation) keep(err error, next time.Time) verdict {
	now := r.now()
	until := now.Add(longestVerdict)
	if !next.IsZero() && next.Before(until) {
		until = next
	}
	if least := now.Add(shortestVerdict); until.Before(least) {
		until = least
	}
	return verdict{err, until}
}

func (r *revocation) askResponder(ctx context.Context, url string, cert, issuer *x509.Certificate) (verdict, error) {
	question, err := ocsp.CreateRequest(cert, issuer, nil)
	if err != nil {
		return verdict{}, err
	}
	answer, err := r.fetch(ctx, "POST", url, question, maxOCSP)
	if err != nil {
		return verdict{}, err
	}
	resp, err := ocsp.ParseResponseForCert(answer, cert, issuer)
	if err != nil {
		return verdict{}, fmt.Errorf("%s: not a good answer", url)
	}
	// A certificate of the same authority signs only if it was made for that (RFC 6960
	// §4.2.2.2): else any server of the authority's customers could answer.
	if c := resp.Certificate; c != nil && !c.Equal(issuer) && !slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) {
		return verdict{}, fmt.Errorf("%s: the answer is signed by someone who may not", url)
	}
	if r.stale(resp.ThisUpdate, resp.NextUpdate) {
		return verdict{}, fmt.Errorf("%s: the answer is out of date", url)
	}
	switch resp.Status {
	case ocsp.Good:
		return r.keep(nil, resp.NextUpdate), nil
	case ocsp.Revoked:
		return r.keep(fmt.Errorf("it was revoked at %s", resp.RevokedAt.UTC().Format(time.DateOnly)), resp.NextUpdate), nil
	}
	return verdict{}, fmt.Errorf("%s: the certificate is not known there", url)
}

func (r *revocation) askList(ctx context.Context, url string, cert, issuer *x509.Certificate) (verdict, error) {
	raw, err := r.fetch(ctx, "GET", url, nil, maxCRL)
	if err != nil {
		return verdict{}, err
	}
	list, err := x509.ParseRevocationList(raw)
	if err != nil || list.CheckSignatureFrom(issuer) != nil {
		return verdict{}, fmt.Errorf("%s: not a good list", url)
	}
	// A list for a part of the certificates would have to be matched with ours
	// (issuingDistributionPoint, delta lists); it is not taken for the whole.
	for _, e := range list.Extensions {
		if e.Critical {
			return verdict{}, fmt.Errorf("%s: the list covers only some certificates", url)
		}
	}
	if r.stale(list.ThisUpdate, list.NextUpdate) {
		return verdict{}, fmt.Errorf("%s: the list is out of date", url)
	}
	for _, e := range list.RevokedCertificateEntries {
		if e.SerialNumber.Cmp(cert.SerialNumber) == 0 {
			return r.keep(fmt.Errorf("it was revoked at %s", e.RevocationTime.UTC().Format(time.DateOnly)), list.NextUpdate), nil
		}
	}
	return r.keep(nil, list.NextUpdate), nil
}

func (r *revocation) stale(made, next time.Time) bool {
	now := r.now()
	return made.After(now.Add(revocationLeeway)) || !next.IsZero() && next.Before(now.Add(-revocationLeeway))
}

func (r *revocation) fetch(ctx context.Context, method, url string, body []byte, limit int64) ([]byte, error) {
	if r.handler == nil {
		return nil, errors.New("the gateway has not started")
	}
	ctx, cancel := context.WithTimeout(ctx, revocationTime)
	defer cancel()
	uri, err := chain.ParseURI(url)
	if err != nil || uri.Scheme != "http" && uri.Scheme != "https" {
		return nil, fmt.Errorf("%s: only http and https are asked", url)
	}
	req := chain.NewRequest()
	req.Method, req.URI = method, uri
	if body != nil {
		req.Header["Content-Type"] = []string{"application/ocsp-request"}
		req.Entity.SetBytes(body)
	}
	resp, err := r.handler.Handle(chain.New(ctx, req, &chain.RootContext{}))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	defer resp.Entity.Close()
	if resp.Status.Code != 200 {
		return nil, fmt.Errorf("%s: status %d", url, resp.Status.Code)
	}
	from, _ := resp.Entity.Open()
	if from == nil {
		from = bytes.NewReader(nil)
	}
	b, err := io.ReadAll(io.LimitReader(from, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%s: the answer is larger than %d bytes", url, limit)
	}
	return b, err
}
