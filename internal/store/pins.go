package store

import (
	"context"
	"maps"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// Pins are the fields of a user that an administrator keeps from sources.
func (s *Store) Pins(ctx context.Context, userID string) (model.Pins, error) {
	return single(ctx, s.db, pgx.RowTo[model.Pins], "select pins from users where id = @id::uuid", named{"id": userID})
}

// SetPins changes a user's pins under a lock.
func (s *Store) SetPins(ctx context.Context, actor model.Actor, username string, change func(model.Pins) error) error {
	return s.InTx(ctx, func(tx *Store) error {
		u, err := tx.one(ctx, "where username_key = @key for update", named{"key": model.Key(username)})
		if err != nil {
			return err
		}
		before, err := tx.Pins(ctx, u.ID)
		if err != nil {
			return err
		}
		after := maps.Clone(before)
		if err := change(after); err != nil {
			return err
		}
		pins, err := toJSON(after)
		if err != nil {
			return err
		}
		if _, err := tx.db.Exec(ctx, "update users set pins = @pins where id = @id::uuid", named{"pins": pins, "id": u.ID}); err != nil {
			return translate(err)
		}
		return tx.record(ctx, actor, "user.pins", u.Username, map[string]any{"pins": before}, map[string]any{"pins": after}, "")
	})
}
