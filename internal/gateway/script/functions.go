package script

import "gatehouse/internal/groovy"

// function makes a functional interface, to which scripts coerce closures.
func function(name, method string) *groovy.Class {
	return &groovy.Class{Name: name, Interface: true, SAM: method}
}

// functions are the interfaces of callbacks.
var functions = []*groovy.Class{
	{Name: "org.forgerock.util.Function", Interface: true, SAM: "apply", Static: methods{
		"identity": func(c *groovy.Call) (groovy.Value, error) {
			return &goFunction{func(v groovy.Value) (groovy.Value, error) { return v, nil }}, c.Want(0, 0)
		},
	}},
	{Name: "org.forgerock.json.JsonValueFunctions", Static: jsonFunctions},
	{Name: "org.forgerock.openig.util.JsonValues", Static: jsonFunctions},
	function("org.forgerock.util.AsyncFunction", "apply"),
	function("org.forgerock.util.Factory", "newInstance"),
	function("org.forgerock.util.promise.ResultHandler", "handleResult"),
	function("org.forgerock.util.promise.ExceptionHandler", "handleException"),
	function("org.forgerock.util.promise.FailureHandler", "handleError"),
	function("org.forgerock.util.promise.RuntimeExceptionHandler", "handleRuntimeException"),
	{Name: "org.forgerock.util.promise.PromiseImpl", Super: promiseClass, New: promiseClass.New, Static: promiseClass.Static},
}
