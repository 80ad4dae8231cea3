package oauth

import (
	"cmp"
	"strconv"
	"time"
)

// responseLife is how long a signed answer may be on its way: it goes through the browser at once (JARM §2.1 advises
// ten minutes at most).
const responseLife = 5 * time.Minute

// signed turns the parameters of an answer into one, response: a JWT that names its issuer and its reader (JARM §2.1),
// signed and, where the client's profile says so, encrypted.
func (a *authorization) signed(out *params) (*params, error) {
	o := newObject()
	o.text("iss", a.Issuer)
	o.text("aud", a.client.ID)
	o.number("exp", a.Now().Add(responseLife).Unix())
	for i, name := range out.names {
		switch name {
		case "iss", "aud", "exp":
		case "expires_in":
			n, err := strconv.ParseInt(out.values[i], 10, 64)
			if err != nil {
				return nil, internal("write expires_in", err)
			}
			o.number(name, n)
		default:
			o.text(name, out.values[i])
		}
	}
	ctx, k := a.r.Context(), &a.client.Keys
	raw, err := a.signTyped(ctx, a.client, cmp.Or(k.AuthorizationSigningAlg, "RS256"), "", o.end())
	if err == nil && k.AuthorizationEncryptionAlg != "" {
		raw, err = a.encryptFor(ctx, a.client, raw, k.AuthorizationEncryptionAlg, cmp.Or(k.AuthorizationEncryptionEnc, "A128CBC-HS256"), "")
	}
	if err != nil {
		return nil, err
	}
	answer := &params{}
	answer.add("response", raw)
	return answer, nil
}
