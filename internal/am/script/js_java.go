package script

import (
	"maps"
	"slices"
	"strings"

	"github.com/dop251/goja"

	"gatehouse/internal/groovy"
)

// javaNames are the classes that scripts can name, and the packages they lie in.
type javaNames struct {
	classes  map[string]*groovy.Class
	packages map[string]bool
}

func newJavaNames() *javaNames {
	n := &javaNames{classes: map[string]*groovy.Class{}, packages: map[string]bool{}}
	for _, c := range append(hostClasses(), jdkClasses()...) {
		n.classes[c.Name] = c
		for at := strings.LastIndexByte(c.Name, '.'); at >= 0; at = strings.LastIndexByte(c.Name[:at], '.') {
			n.packages[c.Name[:at]] = true
		}
	}
	return n
}

// hostClasses are the classes that scripts of both languages can name.
func hostClasses() []*groovy.Class {
	list := []*groovy.Class{
		jsonValueClass, userInfoClaimsClass, claimClass, tokenClass, identityClass, sessionClass, principalClass, loggerClass,
		httpClientClass, requestClass, responseClass, statusClass, headersClass, headerClass, entityClass, formClass, promiseClass,
		trustedIssuerClass, idRepositoryClass, secretsClass, secretClass,
		actionClass, nodeStateClass,
	}
	for _, kind := range slices.Sorted(maps.Keys(callbackClasses)) {
		list = append(list, callbackClasses[kind])
	}
	for _, e := range []struct{ name, extends string }{
		{jsonException, "java.lang.RuntimeException"},
		{nodeException, "java.lang.Exception"},
		{"com.iplanet.sso.SSOException", "java.lang.Exception"},
		{"com.sun.identity.idm.IdRepoException", "java.lang.Exception"},
		{"org.forgerock.oauth2.core.exceptions.OAuth2Exception", "java.lang.Exception"},
		{invalidScope, "org.forgerock.oauth2.core.exceptions.OAuth2Exception"},
		{"org.forgerock.oauth2.core.exceptions.InvalidRequestException", "org.forgerock.oauth2.core.exceptions.OAuth2Exception"},
		{"org.forgerock.oauth2.core.exceptions.ServerException", "org.forgerock.oauth2.core.exceptions.OAuth2Exception"},
	} {
		list = append(list, groovy.NewException(e.name, e.extends))
	}
	return list
}

// javaGlobals sets the names through which JavaScript comes to Java.
func (j *js) javaGlobals() {
	for _, root := range [...]string{"org", "com", "java", "javax", "groovy"} {
		if j.names.has(root) {
			j.set(root, j.pack(root))
		}
	}
	if j.names.has("Packages") {
		j.set("Packages", j.pack(""))
	}
	if j.names.has("JavaImporter") {
		j.set("JavaImporter", j.vm.ToValue(j.importer))
	}
	if j.names.has("importClass") {
		j.set("importClass", j.vm.ToValue(j.importClass))
	}
	if j.names.has("importPackage") {
		j.set("importPackage", j.vm.ToValue(j.importPackage))
	}
}

// jsPackage is a Java package.
type jsPackage struct {
	j    *js
	name string
}

func (j *js) pack(name string) *goja.Object { return j.vm.NewDynamicObject(&jsPackage{j, name}) }

// Get gives a class or a package inside. A class that there is not is an error only
// when it is used: scripts import more than they need.
func (p *jsPackage) Get(key string) goja.Value {
	full := key
	if p.name != "" {
		full = p.name + "." + key
	}
	if c := p.j.run.eng.java.classes[full]; c != nil {
		return p.j.class(c)
	}
	if p.j.run.eng.java.packages[full] || key == "" || key[0] < 'A' || key[0] > 'Z' {
		return p.j.pack(full)
	}
	return p.j.stranger(full)
}

// Set refuses: packages do not change.
func (p *jsPackage) Set(string, goja.Value) bool { return false }

// Has is true of every name.
func (p *jsPackage) Has(string) bool { return true }

// Delete refuses: packages do not change.
func (p *jsPackage) Delete(string) bool { return false }

// Keys lists nothing.
func (p *jsPackage) Keys() []string { return nil }

func (j *js) noClass(name string) *goja.Object {
	return j.typeError("the Java class %s is not available to scripts", name)
}

// stranger stands for a class that there is not: whatever is done with it fails with a
// message that names it.
func (j *js) stranger(name string) *goja.Object {
	target := j.vm.ToValue(func(goja.ConstructorCall) *goja.Object { panic(j.noClass(name)) }).(*goja.Object)
	p := j.vm.NewProxy(target, &goja.ProxyTrapConfig{
		Get:       func(*goja.Object, string, goja.Value) goja.Value { panic(j.noClass(name)) },
		Apply:     func(*goja.Object, goja.Value, []goja.Value) goja.Value { panic(j.noClass(name)) },
		Construct: func(*goja.Object, []goja.Value, *goja.Object) *goja.Object { panic(j.noClass(name)) },
	})
	o := j.vm.ToValue(p).(*goja.Object)
	if j.missing == nil {
		j.missing = map[*goja.Object]string{}
	}
	j.missing[o] = name
	return o
}

// class makes a Java class a constructor with its static methods.
func (j *js) class(c *groovy.Class) *goja.Object {
	if o := j.classes[c]; o != nil {
		return o
	}
	o := j.vm.ToValue(func(call goja.ConstructorCall) *goja.Object {
		return j.made(j.create(c, j.args(call.Arguments))).ToObject(j.vm)
	}).(*goja.Object)
	for name, m := range c.Static {
		if j.names.has(name) {
			_ = o.Set(name, j.function(name, c, nil, m))
		}
	}
	for name, value := range c.StaticFields {
		if j.names.has(name) {
			_ = o.Set(name, j.to(value()))
		}
	}
	if j.names.has("instanceof") {
		_ = o.DefineDataPropertySymbol(goja.SymHasInstance, j.vm.ToValue(func(call goja.FunctionCall) goja.Value {
			return j.vm.ToValue(j.isA(call.Argument(0), c))
		}), goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE)
	}
	if j.classes == nil {
		j.classes, j.known = map[*groovy.Class]*goja.Object{}, map[*goja.Object]*groovy.Class{}
	}
	j.classes[c], j.known[o] = o, c
	return o
}

// made shows what the script made itself: a collection with Java's methods, in the newer dialect too.
func (j *js) made(v groovy.Value) goja.Value {
	switch v.(type) {
	case *groovy.Map, *groovy.List, *groovy.Set, *sequence:
		return j.wrap(v)
	}
	return j.to(v)
}

func (j *js) create(c *groovy.Class, args []groovy.Value) groovy.Value {
	if c.Extends != "" {
		t := &groovy.Thrown{Class: c.Name, NoMsg: len(args) == 0 || args[0] == nil}
		if !t.NoMsg {
			t.Message = text(args[0])
		}
		return t
	}
	if c.New == nil {
		panic(j.typeError("new %s(): scripts cannot create it", c.Name))
	}
	return j.invoke(&groovy.Call{Class: c, Name: "<init>", Args: args}, c.New)
}

// isA is instanceof: by class, superclass, and for exceptions by name.
func (j *js) isA(v goja.Value, class *groovy.Class) bool {
	o, ok := v.(*goja.Object)
	if !ok {
		return false
	}
	h, ok := o.Export().(*jsObject)
	if !ok {
		return false
	}
	if t, ok := h.v.(*groovy.Thrown); ok {
		for name := t.Class; name != ""; {
			if name == class.Name {
				return true
			}
			c := j.run.eng.java.classes[name]
			if c == nil {
				return false
			}
			name = c.Extends
		}
		return false
	}
	for c := h.class; c != nil; c = c.Super {
		if c == class || c.Name == class.Name {
			return true
		}
	}
	return false
}

// jsImporter is what JavaImporter makes: a scope for the statement "with".
type jsImporter struct {
	j        *js
	names    map[string]*goja.Object
	packages []string
}

func (j *js) importer(call goja.ConstructorCall) *goja.Object {
	i := &jsImporter{j: j, names: map[string]*goja.Object{}}
	i.add(call.Arguments)
	return j.vm.NewDynamicObject(i)
}

func (i *jsImporter) add(list []goja.Value) {
	for _, v := range list {
		o, ok := v.(*goja.Object)
		if !ok {
			panic(i.j.typeError("JavaImporter: expected classes and packages"))
		}
		if name := i.j.className(o); name != "" {
			i.names[name[strings.LastIndexByte(name, '.')+1:]] = o
			continue
		}
		p, ok := o.Export().(*jsPackage)
		if !ok {
			panic(i.j.typeError("JavaImporter: expected classes and packages"))
		}
		i.packages = append(i.packages, p.name)
	}
}

// className is the full name of a class, of one that there is not as well.
func (j *js) className(o *goja.Object) string {
	if c := j.known[o]; c != nil {
		return c.Name
	}
	return j.missing[o]
}

// Get finds an imported class by its simple name.
func (i *jsImporter) Get(key string) goja.Value {
	if o := i.names[key]; o != nil {
		return o
	}
	for _, p := range i.packages {
		if c := i.j.run.eng.java.classes[p+"."+key]; c != nil {
			return i.j.class(c)
		}
	}
	if key == "importClass" || key == "importPackage" {
		return i.j.vm.ToValue(func(call goja.FunctionCall) goja.Value {
			i.add(call.Arguments)
			return goja.Undefined()
		})
	}
	return nil
}

// Set refuses: what is imported does not change.
func (i *jsImporter) Set(string, goja.Value) bool { return false }

// Has tells whether Get finds a class.
func (i *jsImporter) Has(key string) bool { return i.Get(key) != nil }

// Delete refuses: what is imported does not change.
func (i *jsImporter) Delete(string) bool { return false }

// Keys lists nothing.
func (i *jsImporter) Keys() []string { return nil }

// importClass makes classes global under their simple names.
func (j *js) importClass(call goja.FunctionCall) goja.Value {
	for _, v := range call.Arguments {
		o, _ := v.(*goja.Object)
		name := j.className(o)
		if name == "" {
			panic(j.typeError("importClass: expected a class"))
		}
		j.set(name[strings.LastIndexByte(name, '.')+1:], o)
	}
	return goja.Undefined()
}

// importPackage makes the classes of packages global.
func (j *js) importPackage(call goja.FunctionCall) goja.Value {
	for _, v := range call.Arguments {
		o, _ := v.(*goja.Object)
		var p *jsPackage
		if o != nil {
			p, _ = o.Export().(*jsPackage)
		}
		if p == nil {
			panic(j.typeError("importPackage: expected a package"))
		}
		for name, c := range j.run.eng.java.classes {
			short, in := strings.CutPrefix(name, p.name+".")
			if in && !strings.Contains(short, ".") && j.names.has(short) {
				j.set(short, j.class(c))
			}
		}
	}
	return goja.Undefined()
}
