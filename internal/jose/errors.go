package jose

import "errors"

// The kinds of failure. Every error of this package wraps exactly one of them; the text behind it says what was wrong
// without quoting tokens, claims or key material.
var (
	ErrMalformed   = errors.New("malformed")              // not a token, key or set at all, or ambiguous, or over a limit
	ErrAlgorithm   = errors.New("algorithm not accepted") // unknown, or outside the caller's allow-list
	ErrKey         = errors.New("key not usable")         // no key fits the token, or a key does not fit its purpose
	ErrSignature   = errors.New("signature not valid")    // a fitting key was there and the signature is not its own
	ErrDecrypt     = errors.New("cannot be decrypted")    // a fitting key was there and the content did not open
	ErrCritical    = errors.New("critical header not understood")
	ErrExpired     = errors.New("expired")
	ErrNotYetValid = errors.New("not yet valid") // nbf or iat lies in the future
	ErrIssuer      = errors.New("issuer not expected")
	ErrAudience    = errors.New("audience not expected")
	ErrType        = errors.New("token type not expected")
	ErrClaim       = errors.New("claim missing or unusable")
	ErrFetch       = errors.New("key set not available") // remote set only
)
