package jose

import (
	"errors"
	"fmt"
)

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
	ErrFetch       = errors.New("key set not available") // or the source of keys has none
)

// tooLarge is ErrMalformed for what is over a limit, whose name it has for those who count.
type tooLarge struct{ limit, text string }

func (e *tooLarge) Error() string     { return ErrMalformed.Error() + ": " + e.text }
func (e *tooLarge) Unwrap() error     { return ErrMalformed }
func (e *tooLarge) OverLimit() string { return e.limit }

// Unfetched is ErrFetch for a source of keys that cannot be asked, or has none. Of the cause only the text remains: what is
// wrong with a key must not read as something that is wrong with a token.
func Unfetched(cause error) error { return &unfetched{cause} }

// unfetched is ErrFetch. What it is for is in its text alone: a malformed set must not read as a malformed token. Only the
// limit that it was over can be asked for.
type unfetched struct{ cause error }

func (e *unfetched) Error() string { return fmt.Sprintf("%v: %v", ErrFetch, e.cause) }
func (e *unfetched) Unwrap() error { return ErrFetch }
func (e *unfetched) OverLimit() string {
	if over, ok := errors.AsType[interface {
		error
		OverLimit() string
	}](e.cause); ok {
		return over.OverLimit()
	}
	return ""
}
