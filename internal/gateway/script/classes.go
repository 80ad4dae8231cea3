package script

import (
	"log/slog"

	"gatehouse/internal/groovy"
)

// classes are all classes that scripts of the gateway can name.
func classes(log *slog.Logger) []*groovy.Class {
	all := groovy.JDK()
	all = append(all, messageClass, requestClass, responseClass, statusClass, headersClass, headerClass, entityClass, uriClass,
		formClass, cookieClass, promiseClass, promisesClass, responsesClass, handlerClass, filterClass, clientClass,
		handlersClass, contextClass, sessionClass, loggerClass, loggerFactory(log))
	all = append(all, functions...)
	all = append(all, exceptionClasses()...)
	for _, c := range typedClasses {
		all = append(all, c)
	}
	for name := range contextNames {
		all = append(all, classOfContext(name))
	}
	return append(all, dataClasses()...)
}

// classOfContext is the class of that full name, also for older packages.
func classOfContext(full string) *groovy.Class {
	c := contextClasses[contextNames[full]]
	if c.Name == full {
		return c
	}
	return &groovy.Class{Name: full, Interfaces: []*groovy.Class{contextClass}, New: c.New}
}
