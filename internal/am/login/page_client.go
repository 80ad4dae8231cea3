package login

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"gatehouse/internal/am/login/nodes"
)

// pageStep is what the authenticate endpoint answers, and what is posted back to it. The sign-in page is a client of the
// endpoint like any other: it knows of a journey what an application would know, and nothing more.
type pageStep struct {
	Status int `json:"-"`

	AuthID    string         `json:"authId,omitempty"`
	Callbacks []wireCallback `json:"callbacks,omitempty"`
	Stage     string         `json:"stage,omitempty"`
	Header    string         `json:"header,omitempty"`
	Lead      string         `json:"description,omitempty"`

	TokenID    string `json:"tokenId,omitempty"`
	SuccessURL string `json:"successUrl,omitempty"`

	Message string `json:"message,omitempty"`
}

// wireCallback is a callback as it is sent: what a page shows, and what it fills in.
type wireCallback struct {
	Type   string      `json:"type"`
	Output []wireField `json:"output,omitempty"`
	Input  []wireField `json:"input,omitempty"`
	ID     *int        `json:"_id,omitempty"`
}

type wireField struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// noScripts is the key of what tells a journey that its client is the page, which runs no scripts of journeys.
type noScripts struct{}

// advance asks the authenticate endpoint for the first step, or answers one. brought are parameters for the journey's
// scripts besides those of the page's address. Cookies that it sets are set on w.
func (s *Service) advance(w http.ResponseWriter, r *http.Request, place Place, answer *pageStep, brought url.Values) pageStep {
	body := []byte("{}")
	if answer != nil {
		var err error
		if body, err = json.Marshal(pageStep{AuthID: answer.AuthID, Callbacks: answer.Callbacks}); err != nil {
			return pageStep{Status: http.StatusBadRequest, Message: errCallbacks.Message}
		}
	}
	header := r.Header.Clone()
	header.Set("Content-Type", "application/json")
	header.Set("Accept-API-Version", "resource=2.1, protocol=1.0")
	// The form was checked already; and names and passwords come with it alone.
	header.Set("X-Requested-With", "XMLHttpRequest")
	header.Del("X-OpenAM-Username")
	header.Del("X-OpenAM-Password")
	authenticate := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.Authenticate(w, r, place) })
	query := authenticateQuery(r, answer)
	maps.Copy(query, brought)
	got, err := Inside(authenticate, r.WithContext(context.WithValue(r.Context(), noScripts{}, true)), http.MethodPost,
		place.Context+"/json/authenticate?"+query.Encode(), header, body)
	if err != nil {
		s.Log.Error("sign-in page", "error", err)
		return pageStep{Status: http.StatusInternalServerError}
	}
	for _, c := range got.Header().Values("Set-Cookie") {
		w.Header().Add("Set-Cookie", c)
	}
	a := pageStep{}
	if err := json.Unmarshal(got.Body.Bytes(), &a); err != nil {
		s.Log.ErrorContext(r.Context(), "sign-in page: the answer of authenticate cannot be read", "error", err)
		return pageStep{Status: http.StatusInternalServerError}
	}
	a.Status = got.Status
	return a
}

// shortIndexTypes are parameters that stand for both of the endpoint's.
var shortIndexTypes = []struct{ parameter, kind string }{
	{"service", "service"}, {"module", "module"}, {"authlevel", "level"}, {"user", "user"}, {"role", "role"}, {"resource", "resource"},
}

// authenticateQuery is what the page's address says to the endpoint. A form without a step begins anew.
func authenticateQuery(r *http.Request, answer *pageStep) url.Values {
	q, out := r.URL.Query(), url.Values{}
	for _, name := range []string{"authIndexType", "authIndexValue", "resourceURL", "ForceAuth", "goto", "gotoOnFail", "realm", "locale"} {
		if v := q.Get(name); v != "" {
			out.Set(name, v)
		}
	}
	for _, short := range shortIndexTypes {
		if v := q.Get(short.parameter); v != "" && !out.Has("authIndexType") {
			out.Set("authIndexType", short.kind)
			out.Set("authIndexValue", v)
		}
	}
	if r.Method == http.MethodPost {
		out.Set("ForceAuth", "true") // who sends the form wants to sign in, also over another session
	} else if arg := q.Get("arg"); arg != "" {
		out.Set("arg", arg)
	}
	if v := q.Get("suspendedId"); v != "" && answer == nil {
		out.Set("suspendedId", v)
	}
	if answer != nil {
		out.Del("authIndexType") // the step knows its journey
		out.Del("authIndexValue")
	}
	return out
}

// postedStep reads the step that the page had shown, nil when the form carries none.
func postedStep(form url.Values) (*pageStep, error) {
	if form.Get("authId") == "" {
		return nil, nil //nolint:nilnil // no step is no error
	}
	raw, err := base64.StdEncoding.DecodeString(form.Get("callbacks"))
	if err != nil {
		return nil, err
	}
	a := &pageStep{AuthID: form.Get("authId")}
	if err := json.Unmarshal(raw, &a.Callbacks); err != nil {
		return nil, err
	}
	if len(a.Callbacks) > 100 {
		return nil, errors.New("too many callbacks")
	}
	return a, nil
}

// packed is the step's callbacks for a hidden field.
func (a *pageStep) packed() string {
	raw, err := json.Marshal(a.Callbacks)
	if err != nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// fill puts the fields of a form into the callbacks. What a form leaves out keeps its value, but a box that is not
// ticked is not sent at all.
func (a *pageStep) fill(form url.Values) {
	for i := range a.Callbacks {
		c := &a.Callbacks[i]
		for k := range c.Input {
			in := &c.Input[k]
			switch c.Type {
			case "BooleanAttributeInputCallback", "TermsAndConditionsCallback", "ConsentMappingCallback":
				if k == 0 {
					in.Value = form.Has(in.Name)
				}
				continue
			}
			if own := strings.TrimSpace(form.Get(in.Name + ownQuestion)); c.Type == "KbaCreateCallback" && own != "" {
				in.Value = own
				continue
			}
			if !form.Has(in.Name) {
				continue
			}
			in.Value = form.Get(in.Name)
			switch c.Type {
			case "ChoiceCallback", "ConfirmationCallback":
				if n, err := strconv.Atoi(form.Get(in.Name)); err == nil {
					in.Value = n
				}
			case "NumberAttributeInputCallback":
				if n, err := strconv.ParseFloat(form.Get(in.Name), 64); err == nil {
					in.Value = n
				}
			}
		}
	}
}

// name is the user name that was typed.
func (a *pageStep) name() string {
	for _, c := range a.Callbacks {
		if (c.Type == "NameCallback" || c.Type == "ValidatedCreateUsernameCallback") && len(c.Input) > 0 && wireText(c.output("prompt")) != nodes.EnterCode {
			name, _ := c.Input[0].Value.(string)
			return name
		}
	}
	return ""
}
