package javaregexp

// MaxNeeded bounds lists of texts of which one is known to be needed; longer ones are given up.
const MaxNeeded = 32

// One is the list of one text that is needed, nil for "", which everything has.
func One(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// Bounded gives up lists that are too long, or with a text that everything has.
func Bounded(list []string) []string {
	if len(list) > MaxNeeded {
		return nil
	}
	for _, s := range list {
		if s == "" {
			return nil
		}
	}
	return list
}

// Shortest is the length of the shortest text of a list that is not empty: of two lists the one whose shortest text is
// longer tells more.
func Shortest(list []string) int {
	n := len(list[0])
	for _, s := range list {
		n = min(n, len(s))
	}
	return n
}
