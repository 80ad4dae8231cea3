package rest

import (
	"encoding/json"
	"errors"
	"net/http"

	"gatehouse/internal/am/store"
)

// Managed objects of a kind have a name each, which no other has. A document beside the object, called like its name, says
// whose it is: both are written together, so that of two who take a name at once one is refused.

// nameID is the ID of the document of a name. No object's begins so.
func nameID(c *Call, name string) string {
	return "name " + c.Vars[managedKind] + " " + store.DigestOf(name)
}

// namesID is the ID of the document that says that all objects of the kind have such documents.
func namesID(c *Call) string { return "names " + c.Vars[managedKind] }

// owner is the content of the document of a name.
type owner struct {
	ID string `json:"of"` // of the object's document
}

// find reads a document; the zero value is one that is not there.
func (v managed) find(c *Call, id string) (store.Doc, error) {
	d, err := v.docs.Get(c.Context(), c.realmPath(), KindManaged, id)
	if errors.Is(err, store.ErrNotFound) {
		return store.Doc{ID: id}, nil
	}
	return d, err
}

// write stores an object with its name: over what is there, or anew.
func (v managed) write(c *Call, d store.Doc, name string, anew bool) error {
	if err := v.nameAll(c); err != nil {
		return err
	}
	for range maxTries {
		was, err := v.find(c, d.ID)
		if err != nil {
			return err
		}
		if anew && was.Rev != 0 {
			return store.ErrConflict
		}
		if c.Conditional && !anew {
			seen, err := c.get(KindManaged, d.ID)
			if err != nil {
				return err
			}
			if was.Rev != seen.Rev {
				return store.ErrConflict
			}
		}
		d.Rev = was.Rev
		put, remove := []store.Doc{d}, []store.Doc(nil)
		taken, mine, err := v.nameDoc(c, name, d.ID)
		switch {
		case err != nil:
			return err
		case taken.Rev != 0 && !mine:
			return refuse(http.StatusConflict, "%s already exists", title(c.Vars[managedKind], nil))
		case taken.Rev == 0:
			put = append(put, taken)
		}
		if old := nameIn(was); was.Rev != 0 && old != name {
			former, mine, err := v.nameDoc(c, old, d.ID)
			if err != nil {
				return err
			}
			if former.Rev != 0 && mine {
				remove = append(remove, former)
			}
		}
		if err = v.docs.Write(c.Context(), c.realmPath(), KindManaged, put, remove); !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return store.ErrConflict
}

// remove removes an object and its name.
func (v managed) remove(c *Call, id string) error {
	for range maxTries {
		was, err := v.find(c, managedID(c, id))
		if err != nil {
			return err
		}
		if was.Rev == 0 {
			return notFound()
		}
		if c.Conditional {
			seen, err := c.get(KindManaged, was.ID)
			if err != nil {
				return err
			}
			if was.Rev != seen.Rev {
				return store.ErrConflict
			}
		}
		gone := []store.Doc{was}
		name, mine, err := v.nameDoc(c, nameIn(was), was.ID)
		if err != nil {
			return err
		}
		if name.Rev != 0 && mine {
			gone = append(gone, name)
		}
		if err = v.docs.Write(c.Context(), c.realmPath(), KindManaged, nil, gone); !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return store.ErrConflict
}

// nameDoc is the document of a name, as it is or as it would be, and whether it is of the object.
func (v managed) nameDoc(c *Call, name, id string) (d store.Doc, mine bool, err error) {
	d, err = v.find(c, nameID(c, name))
	if err != nil {
		return d, false, err
	}
	if d.Rev == 0 {
		d.Body, err = json.Marshal(owner{id})
		return d, true, err
	}
	var of owner
	err = json.Unmarshal(d.Body, &of)
	return d, of.ID == id, err
}

func nameIn(d store.Doc) string {
	var o struct {
		Name string `json:"name"`
	}
	_ = json.Unmarshal(d.Body, &o) // what cannot be read has no name
	return o.Name
}

// nameAll makes the documents of names of objects that earlier releases stored, once.
func (v managed) nameAll(c *Call) error {
	done, err := v.find(c, namesID(c))
	if err != nil || done.Rev != 0 {
		return err
	}
	prefix := managedID(c, "")
	err = v.docs.Walk(c.Context(), c.realmPath(), KindManaged, store.Span{Prefix: prefix}, func(d store.Doc) (bool, error) {
		name, _, err := v.nameDoc(c, nameIn(d), d.ID)
		if err == nil && name.Rev == 0 {
			err = v.docs.Write(c.Context(), c.realmPath(), KindManaged, []store.Doc{name}, nil)
		}
		if errors.Is(err, store.ErrConflict) {
			err = nil // somebody else was faster
		}
		return true, err
	})
	if err != nil {
		return err
	}
	done.Body = json.RawMessage("{}")
	if err := v.docs.Write(c.Context(), c.realmPath(), KindManaged, []store.Doc{done}, nil); !errors.Is(err, store.ErrConflict) {
		return err
	}
	return nil
}
