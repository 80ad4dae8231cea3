package gateway

import "gatehouse/internal/gateway/heap"

// Types lists all object types that configurations can name, for the manual.
func Types() ([]*heap.Type, error) {
	i, err := newInstance(Options{Dir: ".", Getenv: func(string) (string, bool) { return "", false }})
	if err != nil {
		return nil, err
	}
	return i.catalog.Types(), nil
}
