package rest

import (
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"path"
	"strings"

	"gatehouse/internal/am/store"
)

// perform does what the request asks of the resource.
func (c *Call) perform(res *Resource, item bool) error {
	switch c.Request.Method {
	case http.MethodGet, http.MethodHead:
		if !item && !c.asksAll() && res.Plain != nil {
			return c.readPlain(res)
		}
		if !item && !c.asksAll() && (res.Read == nil || res.Query != nil && !res.Settings) {
			return badRequest("A collection is read with _queryFilter or _queryId")
		}
		if !item && c.asksAll() {
			return c.query(res)
		}
		return c.read(res)
	case http.MethodPut:
		return c.put(res, item)
	case http.MethodPatch:
		return c.patch(res)
	case http.MethodDelete:
		return c.delete(res, item)
	case http.MethodPost:
		return c.act(res, item)
	}
	return c.notAllowed()
}

// notAllowed refuses a method, and names those that there are (RFC 9110 §15.5.6).
func (c *Call) notAllowed() error {
	c.writer.Header().Set("Allow", "GET, HEAD, PUT, PATCH, POST, DELETE")
	return refuse(http.StatusMethodNotAllowed, "")
}

func (c *Call) asksAll() bool {
	return c.Query.Has("_queryFilter") || c.Query.Has("_queryId") || c.Query.Has("_queryExpression")
}

func (c *Call) allow(res *Resource, v Verb) error {
	if res.Allow != nil {
		return res.Allow(c, v)
	}
	return administrators(c)
}

func (c *Call) read(res *Resource) error {
	if err := c.allow(res, VerbRead); err != nil {
		return err
	}
	if res.Read == nil {
		return unsupported("Reading")
	}
	o, err := res.Read(c, c.ID)
	if err != nil {
		return err
	}
	return c.answer(res, http.StatusOK, o)
}

func (c *Call) readPlain(res *Resource) error {
	if err := c.allow(res, VerbRead); err != nil {
		return err
	}
	v, err := res.Plain(c)
	if err != nil {
		return err
	}
	return c.write(http.StatusOK, v)
}

// put updates the object, or creates it when there is none.
func (c *Call) put(res *Resource, item bool) error {
	if !item && res.Query != nil && !res.Settings {
		return c.notAllowed()
	}
	if err := c.allow(res, VerbUpdate); err != nil {
		return err
	}
	if err := c.sameID(res); err != nil {
		return err
	}
	if res.Update == nil || res.Read == nil {
		return unsupported("Updating")
	}
	onlyNew := strings.TrimSpace(c.Request.Header.Get("If-None-Match")) == "*"
	current, err := res.Read(c, c.ID)
	if errors.Is(err, store.ErrNotFound) || isNotFound(err) {
		if c.Request.Header.Get("If-Match") != "" {
			return refuse(http.StatusPreconditionFailed, "")
		}
		if res.Create == nil || res.NoPutCreate {
			return err
		}
		return c.create(res, c.ID, onlyNew)
	}
	if err != nil {
		return err
	}
	if onlyNew {
		return refuse(http.StatusPreconditionFailed, "%s", res.exists())
	}
	if err := c.matches(res, current); err != nil {
		return err
	}
	o, err := res.Update(c, c.ID, c.Body)
	if err != nil {
		return c.stale(err)
	}
	c.changed(res, "UPDATE", current, o)
	return c.answer(res, http.StatusOK, o)
}

// sameID refuses a body that speaks of another object than the address does. Some singletons are called as the last part
// of their address.
func (c *Call) sameID(res *Resource) error {
	id, isText := c.Body["_id"].(string)
	if !isText && c.Body["_id"] != nil || id != "" && id != c.ID && (c.ID != "" || id != path.Base(res.Path)) {
		return badRequest("name and URI's resource ID do not match")
	}
	return nil
}

func (res *Resource) exists() string {
	if res.Exists == "" {
		return "Unable to save config: Service already exists"
	}
	return res.Exists
}

func (c *Call) create(res *Resource, id string, onlyNew bool) error {
	if err := c.allow(res, VerbCreate); err != nil {
		return err
	}
	if res.Create == nil {
		return unsupported("Creating")
	}
	o, err := res.Create(c, id, c.Body)
	if errors.Is(err, store.ErrConflict) {
		status := http.StatusConflict
		if onlyNew {
			status = http.StatusPreconditionFailed
		}
		return refuse(status, "%s", res.exists())
	}
	if err != nil {
		return err
	}
	c.changed(res, "CREATE", nil, o)
	path := strings.TrimSuffix(c.Request.URL.EscapedPath(), "/")
	if made, ok := o["_id"].(string); ok && c.Request.Method == http.MethodPost && made != "" {
		path += "/" + escapeSegment(made)
	}
	if origin, _, ok := cutContext(c.Base, c.Place.Context); ok {
		c.writer.Header().Set("Location", origin+path)
	}
	return c.answer(res, http.StatusCreated, o)
}

// matches checks If-Match against the object as it is read.
func (c *Call) matches(res *Resource, current Object) error {
	want := strings.TrimSpace(c.Request.Header.Get("If-Match"))
	if want == "" || want == "*" {
		return nil
	}
	if rev := c.rev(res, current); strings.Trim(strings.TrimPrefix(want, "W/"), `"`) != rev {
		return refuse(http.StatusPreconditionFailed, "The resource could not be accessed because it has another revision: %s", rev)
	}
	c.Conditional = true
	return nil
}

// stale tells a caller with a condition that somebody else was faster.
func (c *Call) stale(err error) error {
	if c.Conditional && errors.Is(err, store.ErrConflict) {
		return refuse(http.StatusPreconditionFailed, "").because(err)
	}
	return err
}

func (c *Call) delete(res *Resource, item bool) error {
	if err := c.allow(res, VerbDelete); err != nil {
		return err
	}
	if res.Delete == nil || !item && res.Query != nil {
		return unsupported("Deleting")
	}
	if c.Request.Header.Get("If-Match") != "" && res.Read != nil {
		current, err := res.Read(c, c.ID)
		if err != nil {
			return err
		}
		if err := c.matches(res, current); err != nil {
			return err
		}
	}
	var before Object
	if c.server.Changed != nil && res.Read != nil {
		before, _ = res.Read(c, c.ID) // what cannot be read is not there, or Delete says so
	}
	o, err := res.Delete(c, c.ID)
	if err != nil {
		return c.stale(err)
	}
	c.changed(res, "DELETE", before, nil)
	return c.answer(res, http.StatusOK, o)
}

// act runs ?_action=; without one a POST on a collection creates.
func (c *Call) act(res *Resource, item bool) error {
	actions := res.Actions
	if item {
		actions = res.ItemActions
	}
	if act, ok := actions[c.Action]; ok {
		if !act.Open {
			if err := c.allow(res, VerbAction); err != nil {
				return err
			}
		}
		v, err := act.Do(c)
		if err != nil {
			return err
		}
		if made, ok := v.(created); ok {
			c.changed(res, "CREATE", nil, Object(made))
			return c.answer(res, http.StatusCreated, Object(made))
		}
		return c.write(http.StatusOK, v)
	}
	if (c.Action == "create" || c.Action == "") && !item && (res.Create != nil && res.Query != nil) {
		id, ok := c.Body["_id"].(string)
		if !ok && c.Body["_id"] != nil {
			return badRequest("Invalid resource ID")
		}
		return c.create(res, id, false)
	}
	if err := c.allow(res, VerbAction); err != nil {
		return err
	}
	return unsupportedAction(c.Action)
}

// created is the outcome of an action that made an object.
type created Object

func unsupportedAction(name string) *Error {
	return refuse(http.StatusNotImplemented, "Action '%s' is not supported", name)
}

// rev is the revision that the object is given.
func (c *Call) rev(res *Resource, o Object) string {
	if rev, ok := o["_rev"].(string); ok {
		return rev
	}
	return revision(o)
}

// answer writes an object with its revision.
func (c *Call) answer(res *Resource, status int, o Object) error {
	if !res.Unversioned && o != nil {
		rev := c.rev(res, o)
		o = maps.Clone(o)
		o["_rev"] = rev
		c.writer.Header().Set("ETag", `"`+rev+`"`)
	}
	return c.write(status, project(o, c.Query.Get("_fields")))
}

func isNotFound(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusNotFound
}

// realmID is the "_id" of a realm.
func realmID(path string) string { return base64.RawURLEncoding.EncodeToString([]byte(path)) }
