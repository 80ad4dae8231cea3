package oauth

import (
	"errors"
	"net/http"

	"gatehouse/internal/am/store"
)

// revokeToken is POST /token/revoke (RFC 7009). What is no token any more is a success (§2.2).
func (q *request) revokeToken() error {
	form, err := readForm(q.r)
	if err != nil {
		return err
	}
	client, err := q.authenticateClient(q.r, form, "token/revoke")
	if err != nil {
		return err
	}
	raw := form.Get("token")
	if raw == "" {
		return Refuse("invalid_request", "Missing parameter: token")
	}
	ctx := q.r.Context()
	f, err := q.FindToken(ctx, raw)
	if err != nil && !errors.Is(err, store.ErrUsed) {
		if errors.Is(err, store.ErrNotFound) {
			return q.revoked()
		}
		return err
	}
	if f.ClientID != client.ID {
		// Not told which token it is: PingAM repeats its ID here, and with it perhaps the token.
		return Refuse("invalid_grant", "The provided token id belongs to different access grant.")
	}
	if err := q.revoke(ctx, raw, f); err != nil {
		return err
	}
	return q.revoked()
}

func (q *request) revoked() error {
	writeJSON(q.w, http.StatusOK, []byte("{}"))
	return nil
}
