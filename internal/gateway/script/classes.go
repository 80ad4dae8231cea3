package script

import (
	"log/slog"

	"gatehouse/internal/groovy"
)

// ours are the classes that scripts can name, completed.
var ours = completed(append(append(append(append([]*groovy.Class{
	messageClass, requestClass, responseClass, statusClass, headersClass, headerClass, entityClass, uriClass, formClass,
	cookieClass, promiseClass, promisesClass, responsesClass, handlerClass, filterClass, clientClass, handlersClass,
	contextClass, sessionClass, loggerClass, urlConnectionClass, httpConnectionClass, httpsConnectionClass,
	localFileClass, fileInputClass, fileReaderClass,
}, functions...), exceptionClasses()...), headerAndContextClasses()...), append(dataClasses(), libraryClasses()...)...))

// Classes of objects that scripts get but do not name are completed, too.
var _ = completed([]*groovy.Class{entryClass, familyClass, requestCookiesClass, contextsClass, attributesClass, objectClass,
	keyedClass, globalsClass, goFunctionClass, jsonPairClass, jwtBuilderClass, jwkBuilderClass, ownConstraintClass,
	routerBuilderClass, jsonFunctionClass})

// completed gives every class a method isCase, by which switch compares with a label.
// The one that all objects have asks the object itself again, without end.
func completed(list []*groovy.Class) []*groovy.Class {
	for _, c := range list {
		if c.Methods["isCase"] != nil {
			continue
		}
		if c.Methods == nil {
			c.Methods = methods{}
		}
		c.Methods["isCase"] = func(c *groovy.Call) (groovy.Value, error) { return c.Equal(c.This, c.Arg(0)), c.Want(1, 1) }
	}
	return list
}

func headerAndContextClasses() []*groovy.Class {
	var all []*groovy.Class
	for _, c := range typedClasses {
		all = append(all, c)
	}
	for name := range contextNames {
		all = append(all, classOfContext(name))
	}
	return all
}

// classes are all classes of an engine.
func classes(log *slog.Logger) []*groovy.Class {
	return append(append(groovy.JDK(), ours...), loggerFactory(log))
}

// classOfContext is the class of that full name, also for older packages.
func classOfContext(full string) *groovy.Class {
	c := contextClasses[contextNames[full]]
	if c.Name == full {
		return c
	}
	return &groovy.Class{Name: full, Interfaces: []*groovy.Class{contextClass}, New: c.New}
}
