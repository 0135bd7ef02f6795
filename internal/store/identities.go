package store

import (
	"context"
	"errors"
	"strconv"
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
	rows, err := s.db.Query(ctx, selectIdentities(where), args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanIdentity)
}

func selectIdentities(where string) string {
	return "select " + identityColumns + " from identities i join connections c on c.id = i.connection_id " + where
}

// Identities lists what AWS calls a user, on every connection.
func (s *Store) Identities(ctx context.Context, userID string) ([]model.Identity, error) {
	return s.identities(ctx, "where i.user_id = @user::uuid order by c.slug, i.id", named{"user": userID})
}

// UnlinkIdentity removes the link between a user and an AWS identity, and ends
// the user's sessions: somebody else may have come through it. That is consent to
// link the user anew on that connection, where it is live.
func (s *Store) UnlinkIdentity(ctx context.Context, actor model.Actor, id int64) error {
	return s.InTx(ctx, func(tx *Store) error {
		i, u, err := tx.lockIdentity(ctx, id)
		if err != nil {
			return err
		}
		if _, err := tx.dropIdentities(ctx, u, []model.Identity{i}); err != nil {
			return err
		}
		if _, err := tx.consents(ctx, actor, consent{why: model.ConsentUnlinked, users: []string{u.ID}, connection: i.Connection}); err != nil {
			return err
		}
		return tx.record(ctx, actor, "identity.unlink", u.Username, auditedIdentity(i), nil, "")
	})
}

// lockIdentity finds an identity and its user, and locks both: the user first, as
// a login does.
func (s *Store) lockIdentity(ctx context.Context, id int64) (i model.Identity, u model.User, err error) {
	u, err = s.one(ctx, "where id = (select user_id from identities where id = @id) for update", named{"id": id})
	if errors.Is(err, ErrNotFound) {
		return i, u, GoneIdentity("", id)
	}
	if err != nil {
		return i, u, err
	}
	found, err := s.identities(ctx, "where i.id = @id and i.user_id = @user::uuid for update of i", named{"id": id, "user": u.ID})
	if err != nil {
		return i, u, err
	}
	if len(found) == 0 {
		return i, u, GoneIdentity(u.Username, id)
	}
	return found[0], u, nil
}

// dropIdentities removes identities of a user, and ends the user's sessions.
func (s *Store) dropIdentities(ctx context.Context, u model.User, some []model.Identity) (model.User, error) {
	if len(some) == 0 {
		return u, nil
	}
	ids := make([]int64, len(some))
	for n, i := range some {
		ids[n] = i.ID
	}
	if _, err := s.db.Exec(ctx, "delete from identities where user_id = @user::uuid and id = any(@ids)", named{"user": u.ID, "ids": ids}); err != nil {
		return u, err
	}
	err := s.db.QueryRow(ctx, "update users set session_epoch = session_epoch + 1 where id = @user::uuid returning session_epoch",
		named{"user": u.ID}).Scan(&u.SessionEpoch)
	return u, translate(err)
}

// auditedIdentities are those that gave way to another; nil where none did.
func auditedIdentities(some []model.Identity) any {
	switch len(some) {
	case 0:
		return nil
	case 1:
		return auditedIdentity(some[0])
	}
	all := make([]any, len(some))
	for n, i := range some {
		all[n] = auditedIdentity(i)
	}
	return map[string]any{"identities": all}
}

func auditedIdentity(i model.Identity) any {
	audited := map[string]any{"connection": i.Connection, "idp_entity_id": i.IdPEntityID, "name_id": i.NameID, "external_id": i.ExternalID}
	if i.ID != 0 {
		audited["id"] = i.ID
	}
	return audited
}

// GoneIdentity says that a user has no identity with that id any more.
func GoneIdentity(username string, id int64) error {
	return &Gone{Part: PartIdentity, Object: username, Actions: []string{"identity.unlink"}, Key: "id", Value: strconv.FormatInt(id, 10)}
}

// writeIdentity makes an identity, or writes what was learned about it, and
// returns its id.
func (s *Store) writeIdentity(ctx context.Context, i model.Identity) (id int64, err error) {
	args := named{"id": i.ID, "user": i.UserID, "connection": i.ConnectionID, "idp": i.IdPEntityID,
		"name_id": i.NameID, "external_id": i.ExternalID}
	sql := `insert into identities (user_id, connection_id, idp_entity_id, name_id, external_id)
		values (@user::uuid, @connection, @idp, @name_id, @external_id) returning id`
	if i.ID != 0 {
		sql = `update identities set name_id = @name_id, external_id = @external_id where id = @id returning id`
	}
	return single(ctx, s.db, pgx.RowTo[int64], sql, args)
}
