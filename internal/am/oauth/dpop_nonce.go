package oauth

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/jose"
)

const headerNonce = "Dpop-Nonce" // as net/http spells DPoP-Nonce

// nonceLife is how long a nonce is handed out; it is taken for as long again.
const nonceLife = time.Minute

// checkNonce demands a nonce of this server in a proof, where the settings do (RFC 9449 §8): proofs cannot be made for
// later then. The answer carries the nonce to use, also when that one is right and will soon be too old.
func (q *request) checkNonce(proof *jose.Claims) error {
	if !q.Settings.Own.DPoPNonces {
		return nil
	}
	key, err := q.Realm.Keys().Active(q.r.Context(), realm.LabelAuthenticity)
	if err != nil {
		return err
	}
	secret, turn := key.Secret(), q.Now().Unix()/int64(nonceLife/time.Second)
	now := nonceOf(secret, q.Realm.Path, turn)
	shown, _ := proof.Values["nonce"].(string)
	q.w.Header().Set(headerNonce, now)
	for _, good := range [...]string{now, nonceOf(secret, q.Realm.Path, turn-1)} {
		if subtle.ConstantTimeCompare([]byte(shown), []byte(good)) == 1 {
			return nil
		}
	}
	return Refuse("use_dpop_nonce", "The DPoP proof needs the nonce of this server.").Because(errors.New("no nonce, or an old one"))
}

// nonceOf is the nonce of a turn. Nobody else can say the next one, and this server need not remember any.
func nonceOf(secret []byte, realmPath string, turn int64) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("dpop nonce\x00" + realmPath + "\x00"))
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(turn)))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:18])
}
