package gateway

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"gatehouse/internal/conf"
)

// takenError says that another route has the id or the name.
type takenError struct{ text, id, name string }

func (e *takenError) Error() string { return e.text }

// taken says which route has the id or the name that the file at path asks for; nil: none.
func (r *router) taken(path, id, name string) error {
	for other, rt := range r.routes {
		what, value := "id", id
		switch {
		case other == path:
			continue
		case rt.id == id:
		case rt.name == name:
			what, value = "name", name
		default:
			continue
		}
		return &takenError{fmt.Sprintf("%s: the route %s %q is taken by %s", r.instance.relative(path), what, value, r.instance.relative(other)), id, name}
	}
	return nil
}

// stillTaken says whether a file that was refused for err would be refused again.
func (r *router) stillTaken(path string, err error) bool {
	was, is := errors.AsType[*takenError](err)
	return !is || r.taken(path, was.id, was.name) != nil
}

// errNotWritten says that a route could be deployed but its file not be changed.
var errNotWritten = errors.New("the file of the route could not be changed")

// put makes text the route of the file at path: it is built and started, then written,
// then takes over. Any failure leaves file and routes as they were. The rescans of the
// folder see nothing new afterwards. The caller holds instance.building.
func (r *router) put(path string, text []byte) (*route, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	errs := &conf.Errors{}
	fresh, err := r.build(path, text, errs)
	if err != nil {
		return nil, err
	}
	if r.started {
		if err := fresh.start(context.Background()); err != nil {
			return nil, err
		}
	}
	if err := r.write(fresh); err != nil {
		fresh.retire()
		r.heap.Services().Logger.Error(errNotWritten.Error(), "router", r.name, "route", fresh.id, "error", err)
		return nil, errNotWritten
	}
	old := r.routes[path]
	r.routes[path] = fresh
	delete(r.problems, path)
	r.publish()
	if old != nil {
		r.log("route updated", fresh)
		old.retire()
	} else {
		r.log("route loaded", fresh)
	}
	return fresh, nil
}

// write replaces the route's file in one step, so that neither a rescan nor a crash
// meets half of it.
func (r *router) write(rt *route) error {
	mode := os.FileMode(0o640)
	if info, err := os.Stat(rt.file); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(r.dir, "."+filepath.Base(rt.file)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(rt.text)
	err = errors.Join(err, f.Chmod(mode), f.Sync())
	info, statErr := f.Stat()
	if err = errors.Join(err, statErr, f.Close()); err != nil {
		return err
	}
	rt.version = stamp{info.ModTime(), info.Size()}
	return os.Rename(f.Name(), rt.file)
}

// remove takes a route out of service and deletes its file. The caller holds
// instance.building.
func (r *router) remove(rt *route) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.routes[rt.file] != rt {
		return os.ErrNotExist
	}
	if err := os.Remove(rt.file); err != nil && !errors.Is(err, os.ErrNotExist) {
		r.heap.Services().Logger.Error(errNotWritten.Error(), "router", r.name, "route", rt.id, "error", err)
		return errNotWritten
	}
	delete(r.routes, rt.file)
	r.publish()
	r.log("route removed", rt)
	rt.retire()
	return nil
}
