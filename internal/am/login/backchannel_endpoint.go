package login

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"gatehouse/internal/am/login/journey"
	"gatehouse/internal/am/store"
)

// scopeBackchannel is the scope of access tokens whose bearers begin journeys for others.
const scopeBackchannel = "back_channel_authentication"

// ServeBackchannel answers /json/authenticate/backchannel: initialize begins a journey for somebody, info tells how it stands.
func (s *Service) ServeBackchannel(w http.ResponseWriter, r *http.Request, place Place, action string) {
	x := &exchange{s: s, w: w, r: r, place: place}
	h := w.Header()
	h.Set("Content-API-Version", "resource=1.0")
	h.Set("Cache-Control", "private, no-store")
	answer := map[string]func() error{"initialize": x.initializeBackchannel, "info": x.backchannelInfo}[action]
	err := error(&Refusal{Status: http.StatusNotFound, Message: "Not Found"})
	if answer != nil {
		if err = x.mayBackchannel(); err == nil {
			err = answer()
		}
	}
	if err != nil {
		x.refuse(err)
	}
}

// mayBackchannel lets those pass who have an access token of the realm with the scope.
func (x *exchange) mayBackchannel() error {
	if x.r.Method != http.MethodPost {
		x.w.Header().Set("Allow", http.MethodPost)
		return &Refusal{Status: http.StatusMethodNotAllowed, Message: "Method Not Allowed"}
	}
	if !x.place.Realm.Active {
		return errRealm
	}
	scheme, token, _ := strings.Cut(x.r.Header.Get("Authorization"), " ")
	err := store.ErrNotFound
	var of string
	var scopes []string
	if x.s.AccessToken != nil && strings.EqualFold(scheme, "Bearer") {
		of, scopes, err = x.s.AccessToken(x.r.Context(), strings.TrimSpace(token))
	}
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && of != x.place.Realm.Path:
		return &Refusal{Status: http.StatusUnauthorized, Message: "Access Denied", Cause: err}
	case err != nil:
		return err
	case !slices.Contains(scopes, scopeBackchannel):
		return &Refusal{Status: http.StatusForbidden, Message: "The access token needs the scope " + scopeBackchannel}
	}
	return nil
}

// readJSON reads the body into v, which has all that a body may have.
func (x *exchange) readJSON(v any) error {
	raw, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, maxBody))
	if err != nil {
		return &Refusal{Status: http.StatusRequestEntityTooLarge, Message: "The request is too large", Cause: err}
	}
	if kind, _, err := mime.ParseMediaType(x.r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return &Refusal{Status: http.StatusUnsupportedMediaType, Message: "Unsupported Media Type"}
	}
	if !json.Valid(raw) {
		return errNotJSON
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return badBackchannel(strings.TrimPrefix(err.Error(), "json: ")).because(err)
	}
	return nil
}

func badBackchannel(message string) *Refusal {
	return &Refusal{Status: http.StatusBadRequest, Message: message}
}

// subjectTypes are what the endpoint calls the types of subjects.
var subjectTypes = map[string]string{"user": TypeUser, "agent": TypeAgent}

type backchannelSubject struct {
	Type string `json:"type"`
	Name string `json:"name"`
}

func (x *exchange) initializeBackchannel() error {
	in := struct {
		Type     string              `json:"type"`
		Value    string              `json:"value"`
		Subject  *backchannelSubject `json:"subject"`
		Data     map[string]any      `json:"data"`
		Tracking string              `json:"trackingId"`
		Retry    *bool               `json:"allowRetry"`
	}{}
	if err := x.readJSON(&in); err != nil {
		return err
	}
	switch {
	case in.Type != "service":
		return badBackchannel(`type must be "service"`)
	case in.Value == "" || len(in.Value) > maxIndexValue:
		return badBackchannel("value must be the name of a journey")
	case !isTracking(in.Tracking):
		return badBackchannel("trackingId must have 36 characters at most: letters, digits, - and _")
	}
	b := journey.Backchannel{Tree: in.Value, Data: in.Data, Tracking: in.Tracking, Retry: in.Retry == nil || *in.Retry}
	if in.Subject != nil {
		kind, ok := subjectTypes[in.Subject.Type]
		if !ok || in.Subject.Name == "" {
			return badBackchannel(`subject must have a type, "user" or "agent", and a name`)
		}
		b.Subject = store.Subject{Type: kind, Name: in.Subject.Name}
	}
	id, err := x.s.BeginBackchannel(x.r.Context(), x.place.Realm, b)
	switch {
	case errors.Is(err, journey.ErrBackchannel):
		message, _ := strings.CutSuffix(err.Error(), ": "+journey.ErrBackchannel.Error())
		return badBackchannel(message).because(err)
	case errors.Is(err, store.ErrNotFound):
		return badBackchannel("The subject does not exist").because(err)
	case err != nil:
		return err
	}
	return x.write(http.StatusOK, map[string]any{"transaction": id, "redirectUri": BackchannelURL(x.place, id)})
}

func (x *exchange) backchannelInfo() error {
	var in struct {
		Transaction string `json:"transaction"`
	}
	if err := x.readJSON(&in); err != nil {
		return err
	}
	b, err := x.s.Backchannel(x.r.Context(), x.place.Realm, in.Transaction)
	if errors.Is(err, store.ErrNotFound) {
		return errTransaction.because(err)
	}
	if err != nil {
		return err
	}
	body := map[string]any{"state": b.State, "result": b.Result, "auditTrackingIds": b.Tracking, "type": "service", "value": b.Tree}
	for name, kind := range subjectTypes {
		if b.Subject.Type == kind {
			body["subject"] = backchannelSubject{name, b.Subject.Name}
		}
	}
	if len(b.Properties) > 0 {
		body["sessionProperties"] = b.Properties
	}
	return x.write(http.StatusOK, body)
}
