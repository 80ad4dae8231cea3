package realm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"gatehouse/internal/am/store"
)

// kindInstance is the kind of the one record that shows which instance key sealed the data.
const kindInstance = "instance"

type instanceDoc struct {
	// Mark is a known text, sealed.
	Mark []byte `json:"mark"`
}

// checkInstanceKey refuses a key that is not the one which sealed what the store holds:
// with it, keys of realms and secrets of clients could not be read, and a node of a
// cluster would write what the others cannot. The first start leaves the mark.
func checkInstanceKey(ctx context.Context, docs store.Docs, master [32]byte) error {
	s := newSealer(master, "instance")
	const id = "key"
	for {
		d, err := docs.Get(ctx, "", kindInstance, id)
		if isNotFound(err) {
			body, err := json.Marshal(instanceDoc{Mark: s.seal([]byte(id), id)})
			if err != nil {
				return err
			}
			_, err = docs.Create(ctx, "", kindInstance, store.Doc{ID: id, Body: body})
			if errors.Is(err, store.ErrConflict) {
				continue // another node was faster: its key is the one
			}
			return err
		}
		if err != nil {
			return err
		}
		var doc instanceDoc
		if err := json.Unmarshal(d.Body, &doc); err != nil {
			return fmt.Errorf("read the mark of the instance key: %w", err)
		}
		if _, err := s.open(doc.Mark, id); err != nil {
			return fmt.Errorf("the store's secrets were sealed under another instance key: "+
				"all nodes need the same, in %s or in the file %s of their data folders", instanceKeyVariable, instanceKeyFile)
		}
		return nil
	}
}
