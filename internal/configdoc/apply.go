package configdoc

import (
	"context"
	"fmt"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// Apply makes the database match the document, in one transaction, and returns
// what it changed. With an error nothing has changed; the error is of type
// Problems when the document does not fit what the database has.
func (d *Document) Apply(ctx context.Context, st *store.Store, actor model.Actor) ([]Change, error) {
	var changes []Change
	err := st.InTx(ctx, func(tx *store.Store) error {
		have, err := Read(ctx, tx)
		if err != nil {
			return err
		}
		steps, err := d.plan(have)
		if err != nil {
			return err
		}
		for _, s := range steps {
			if err := s.run(ctx, tx, actor); err != nil {
				return fmt.Errorf("%s: %w", s.changes[0], err)
			}
		}
		changes = changesOf(steps)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("apply the document: %w", err)
	}
	return changes, nil
}
