package store

import "fmt"

// CheckBatch refuses batches that no engine can apply: without ops, with an
// unnamed record, or with two ops on one record, whose order would be in doubt.
// Engines call it first.
func CheckBatch(ops []Op) error {
	if len(ops) == 0 {
		return fmt.Errorf("batch: no steps")
	}
	for i := range ops {
		if ops[i].Kind == "" || ops[i].ID == "" {
			return fmt.Errorf("batch: a record needs a kind and an ID")
		}
		if ops[i].Fresh && (ops[i].Delete || ops[i].Force || ops[i].Rev != 0) {
			return fmt.Errorf("batch: only a create can be fresh")
		}
		for j := range i {
			if ops[i].Key == ops[j].Key {
				return fmt.Errorf("batch: two steps on one record (%s)", ops[i].Kind)
			}
		}
	}
	return nil
}
