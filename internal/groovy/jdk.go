package groovy

// JDK gives stand-ins for the JDK and Groovy library classes that need nothing
// from the outside: an embedder lists them in Env.Classes.
func JDK() []*Class {
	var out []*Class
	for _, group := range [][]*Class{utilClasses(), functionClasses(), netClasses(), inetClasses(), ioClasses(), jsonClasses(), xmlClasses(), streamClasses(), timeClasses(), cryptoClasses()} {
		out = append(out, group...)
	}
	return out
}
