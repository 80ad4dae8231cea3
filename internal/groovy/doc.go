// Package groovy runs Groovy scripts inside a Go process.
//
// A script is lexed, parsed into a tree with positions, resolved (every local
// variable gets a slot, every class name a class) and compiled to Go closures,
// which a run then executes. The package knows nothing of the program around
// it: objects a script may touch are handed in as [Host] values whose [Class]
// tables list every method and property; nothing else is reachable.
//
// Supported is the language of Groovy 3 and 4 without static type checking:
// imports with aliases, static and star forms; all statements including
// labelled loops, multi-catch, try-with-resources and arrow switches; closures
// with delegates, currying and method references; GStrings; list, map and range
// literals; safe, spread and field access; operator overloading; script methods;
// classes, interfaces, traits as interfaces with default methods, enums,
// records, inner and anonymous classes; coercion with "as"; annotations are
// parsed, and only @Field, @Canonical, @EqualsAndHashCode, @ToString,
// @TupleConstructor and @Immutable have an effect; those that would change a class or
// method, such as @Delegate or @Lazy, are refused. The number tower
// (Integer, Long, BigInteger, BigDecimal, Float, Double) follows Groovy's
// promotion rules. The methods Groovy adds to JDK types live in gdk_*.go, stand-ins for
// JDK classes in java_*.go (see [JDK]).
//
// Deviations from the original, most of them supersets: a GString is the
// same map key, and the same element of a list, as the equal string and reaches Go
// methods as a string; lists find numbers by their value ([1].contains(1L)); a
// closure literal may call itself by the variable it initialises, and closures
// made in a loop each keep the loop's variable of their round; keySet, values
// and entrySet are of the moment, though what is removed from them is removed from the
// map, and subList is a copy; iteration works on a snapshot, so nothing throws
// ConcurrentModificationException; streams are evaluated eagerly; hash sets and
// maps keep insertion order; a seeded Random draws other numbers than Java's. Text of dates is English, the default zone UTC.
// Threads, memoizeAtMost's bound, trampoline and Matcher.hitEnd are missing.
//
// Deliberately absent: reflection on Go types, files, processes, threads,
// class loading other than Env.Load, metaClass, GroovyShell, Eval and @Grab.
//
// Every run has [Limits]; passing one ends the run with a [*LimitError] that no
// script can catch. Static fields of script classes live as long as one run.
package groovy
