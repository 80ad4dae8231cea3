package script

import (
	"context"
	"errors"
	"fmt"

	"github.com/dop251/goja"

	"gatehouse/internal/am/realm"
	"gatehouse/internal/am/store"
)

// FindLibrary finds a script of the context LIBRARY by its name, or gives store.ErrNotFound.
type FindLibrary func(ctx context.Context, rl *realm.Realm, name string) (*realm.Script, error)

// maxLibraries bounds the libraries that a run loads.
const maxLibraries = 32

// compileLibrary makes a function of a library, which gets what modules have (CommonJS). global is for libraries that
// look for it, before they would make code from text to find it.
func compileLibrary(name, source string) (program, error) {
	if len(source) > MaxSource {
		return nil, errTooLong
	}
	return compileJS(name, "(function (exports, module, require, global) {"+source+"\n})", true)
}

// require loads a library once in a run, and gives what it exports: while it is loading, what it has exported so far.
func (j *js) require(call goja.FunctionCall) goja.Value {
	name := call.Argument(0).String()
	if m, ok := j.modules[name]; ok {
		return m.Get("exports")
	}
	m, err := j.load(name)
	if err != nil {
		panic(j.throwable(err))
	}
	return m.Get("exports")
}

func (j *js) load(name string) (*goja.Object, error) {
	r := j.run
	find := r.eng.options.Library
	if find == nil {
		return nil, unsupported("require: no library scripts here")
	}
	if len(j.modules) >= maxLibraries {
		return nil, illegal("require: more than %d library scripts", maxLibraries)
	}
	s, err := find(r.ctx, r.realm, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, illegal("require: the realm has no library script %q", clip(name, 200))
	}
	if err != nil {
		return nil, err
	}
	p, err := r.eng.programs.find(r.eng, s)
	if err != nil {
		return nil, err
	}
	made, err := j.vm.RunProgram(p.(*jsProgram).prog)
	if err != nil {
		return nil, err
	}
	body, ok := goja.AssertFunction(made)
	if !ok {
		return nil, fmt.Errorf("require: %q is no library script", clip(name, 200))
	}
	m, exports := j.vm.NewObject(), j.vm.NewObject()
	_ = m.Set("exports", exports)
	if j.modules == nil {
		j.modules = map[string]*goja.Object{}
	}
	j.modules[name] = m
	if _, err := body(goja.Undefined(), exports, m, j.vm.Get("require"), j.vm.GlobalObject()); err != nil {
		delete(j.modules, name)
		return nil, err
	}
	return m, nil
}
