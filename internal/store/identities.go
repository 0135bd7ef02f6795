package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

const identityColumns = `i.id, i.user_id::text, i.connection_id, c.slug, i.idp_entity_id, i.name_id, i.external_id, i.created_at, i.last_login_at`

func scanIdentity(row pgx.CollectableRow) (i model.Identity, err error) {
	var last *time.Time
	err = row.Scan(identityFields(&i, &last)...)
	i.LastLoginAt = valueOrZero(last)
	return i, err
}

func identityFields(i *model.Identity, last **time.Time) []any {
	return []any{&i.ID, &i.UserID, &i.ConnectionID, &i.Connection, &i.IdPEntityID, &i.NameID, &i.ExternalID, &i.CreatedAt, last}
}

func (s *Store) identities(ctx context.Context, where string, args named) ([]model.Identity, error) {
	rows, err := s.db.Query(ctx, "select "+identityColumns+
		" from identities i join connections c on c.id = i.connection_id "+where, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanIdentity)
}

// Identities lists what AWS calls a user, on every connection.
func (s *Store) Identities(ctx context.Context, userID string) ([]model.Identity, error) {
	return s.identities(ctx, "where i.user_id = @user::uuid order by c.slug, i.id", named{"user": userID})
}

// UnlinkIdentity removes the link between a user and an AWS identity, and ends
// the user's sessions: somebody else may have come through it.
func (s *Store) UnlinkIdentity(ctx context.Context, actor model.Actor, id int64) error {
	return s.InTx(ctx, func(tx *Store) error {
		found, err := tx.identities(ctx, "where i.id = @id for update of i", named{"id": id})
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return ErrNotFound
		}
		u, err := tx.UserByID(ctx, found[0].UserID)
		if err != nil {
			return err
		}
		if _, err := tx.db.Exec(ctx, "delete from identities where id = $1", id); err != nil {
			return err
		}
		if _, err := tx.db.Exec(ctx, "update users set session_epoch = session_epoch + 1 where id = $1::uuid", u.ID); err != nil {
			return err
		}
		return tx.record(ctx, actor, "identity.unlink", u.Username, auditedIdentity(found[0]), nil, "")
	})
}

func auditedIdentity(i model.Identity) any {
	return map[string]any{"connection": i.Connection, "idp_entity_id": i.IdPEntityID, "name_id": i.NameID, "external_id": i.ExternalID}
}

// writeIdentity makes an identity, or writes what was learned about it.
func (s *Store) writeIdentity(ctx context.Context, i model.Identity) error {
	args := named{"id": i.ID, "user": i.UserID, "connection": i.ConnectionID, "idp": i.IdPEntityID,
		"name_id": i.NameID, "external_id": i.ExternalID}
	sql := `insert into identities (user_id, connection_id, idp_entity_id, name_id, external_id)
		values (@user::uuid, @connection, @idp, @name_id, @external_id)`
	if i.ID != 0 {
		sql = `update identities set name_id = @name_id, external_id = @external_id where id = @id`
	}
	_, err := s.db.Exec(ctx, sql, args)
	return err
}
