// Package script runs the scripts that realms plug into the authorization server.
//
// A script is JavaScript or Groovy. Both languages see the same host objects, each of
// which is described once by a groovy.Class: Groovy uses the description as it is, and
// JavaScript reads the same tables through dynamic objects. A script reaches what the
// tables list and nothing else.
//
// JavaScript comes in two dialects, which the script's context chooses: the older one
// sees collections with the methods that Java gives them; the one of the contexts that
// end in _NEXT_GEN sees plain objects and arrays, which lend it some of those methods.
// Both see Java names (JavaImporter, Packages, org.forgerock…, java.util…).
//
// Every run has a fresh global scope, and limits on time, depth and memory. What a
// script does to a token counts only if the script ends well.
package script
