package login

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
	"gatehouse/internal/jose"
)

// stepLife is how long a login may wait for an answer where its journey does not say so.
const stepLife = journey.DefaultTimeout * time.Minute

// step is where a login stands. All of it is in the authId, a JWT that the client hands back: the server keeps
// nothing of a login that has not succeeded.
type step struct {
	IndexValue string `json:"authIndexValue,omitempty"`
	Key        string `json:"otk"` // used once
	IndexType  string `json:"authIndexType,omitempty"`
	Realm      string `json:"realm"`
	Session    string `json:"sessionId"`
	Expires    int64  `json:"exp"`
	Issued     int64  `json:"iat"`

	state string // of the journey, sealed: the part of Session that other servers would sign
}

// Around the state in Session, as clients know such strings.
const (
	sessionBegins = "*AAJTSQACMDEAAlNLAAEwAAR0eXBlAAhKV1RfQVVUSAACUzEAAA..*"
)

var (
	errAuthID      = &Refusal{Status: 400, Message: "AuthId JWT Signature not valid"}
	errAuthIDParse = &Refusal{Status: 400, Message: "Failed to parse JWT"}
	errTimeout     = &Refusal{Status: 408, Message: "Session has timed out"}
)

// newAuthID signs a step, which is good for life, with the realm's key for it.
func (s *Service) newAuthID(ctx context.Context, rl *realm.Realm, indexType, indexValue, state string, life time.Duration) (string, error) {
	signer, err := rl.Keys().SignerOf(ctx, realm.LabelAuthID, string(jose.HS256), "JWT")
	if err != nil {
		return "", err
	}
	now := s.Now()
	return signer.SignClaims(step{
		IndexValue: indexValue, IndexType: indexType, Realm: rl.Path, Key: rand.Text(),
		Session: sessionBegins + state,
		Expires: now.Add(life).Unix(), Issued: now.Unix(),
	})
}

// readAuthID checks an authId and uses it up.
func (s *Service) readAuthID(ctx context.Context, rl *realm.Realm, authID string) (step, error) {
	keys, err := rl.Keys().Valid(ctx, realm.LabelAuthID)
	if err != nil {
		return step{}, err
	}
	token, err := jose.Verify(ctx, authID, jose.VerifyOptions{
		Keys: keys, Algorithms: []jose.Algorithm{jose.HS256}, Types: []string{"JWT"}, MaxBytes: maxBody,
	})
	if errors.Is(err, jose.ErrMalformed) {
		return step{}, errAuthIDParse.because(err)
	}
	if err != nil {
		return step{}, errAuthID.because(err)
	}
	claims, err := jose.ParseClaims(token.Payload)
	if err != nil {
		return step{}, errAuthIDParse.because(err)
	}
	text := func(name string) string {
		v, _ := claims.Values[name].(string)
		return v
	}
	st := step{
		IndexValue: text("authIndexValue"), IndexType: text("authIndexType"), Key: text("otk"), Realm: text("realm"),
	}
	var known bool
	st.state, known = strings.CutPrefix(text("sessionId"), sessionBegins)
	if st.Realm != rl.Path || st.Key == "" || !known {
		return step{}, errAuthID
	}
	if err := claims.Check(jose.Expect{Now: s.Now(), Require: []string{"exp"}}); err != nil {
		return step{}, errTimeout.because(err)
	}
	err = s.replays.Once(ctx, rl.Path, "authid", st.Key, claims.Expires)
	if errors.Is(err, store.ErrUsed) {
		return step{}, errTimeout.because(err)
	}
	return st, err
}
