package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// ErrLinked: the user signs in through AWS, so a local password is not for them.
var ErrLinked = errors.New("the user is linked to an AWS identity")

func scanServicePassword(row pgx.CollectableRow) (p model.ServicePassword, err error) {
	var used *time.Time
	err = row.Scan(&p.Hash, &p.Hint, &p.CreatedBy, &p.CreatedAt, &used)
	p.LastUsedAt = valueOrZero(used)
	return p, err
}

// ServicePassword is the local password of a service account. It is
// ErrNotFound for everybody else, and for a user who has been linked to AWS
// since: then nobody gets in with it any more.
func (s *Store) ServicePassword(ctx context.Context, userID string) (model.ServicePassword, error) {
	return single(ctx, s.db, scanServicePassword, `select hash, hint, created_by, created_at, last_used_at
		from service_passwords p where user_id = @user::uuid
		and not exists (select from identities i where i.user_id = p.user_id)`, named{"user": userID})
}

// SetServicePassword gives a user a local password, in place of the one there;
// ErrLinked for a user who signs in through AWS.
func (s *Store) SetServicePassword(ctx context.Context, actor model.Actor, username, hash, hint string) error {
	return s.InTx(ctx, func(tx *Store) error {
		u, err := tx.one(ctx, "where username_key = @key for update", named{"key": model.Key(username)})
		if err != nil {
			return err
		}
		identities, err := tx.Identities(ctx, u.ID)
		if err != nil {
			return err
		}
		if len(identities) > 0 {
			return ErrLinked
		}
		_, err = tx.db.Exec(ctx, `insert into service_passwords (user_id, hash, hint, created_by)
			values (@user::uuid, @hash, @hint, @by)
			on conflict (user_id) do update set hash = excluded.hash, hint = excluded.hint,
				created_by = excluded.created_by, created_at = now(), last_used_at = null`,
			named{"user": u.ID, "hash": hash, "hint": hint, "by": actor.Name})
		if err != nil {
			return translate(err)
		}
		if err := tx.DeleteCrowdSessionsOf(ctx, u.ID, ""); err != nil { // they came with the old one
			return err
		}
		return tx.record(ctx, actor, "user.password.create", u.Username, nil, map[string]any{"begins": hint}, "")
	})
}

// DeleteServicePassword takes a local password back, at once, with the sessions
// that it began.
func (s *Store) DeleteServicePassword(ctx context.Context, actor model.Actor, username string) error {
	return s.InTx(ctx, func(tx *Store) error {
		var id, hint string
		err := tx.db.QueryRow(ctx, `delete from service_passwords where user_id = (select id from users where username_key = @key) returning user_id::text, hint`,
			named{"key": model.Key(username)}).Scan(&id, &hint)
		if err = translate(err); errors.Is(err, ErrNotFound) {
			return &Gone{Part: PartPassword, Object: username, Actions: []string{"user.password.delete"},
				Brought: []string{"user.password.create"}}
		}
		if err != nil {
			return err
		}
		if err := tx.DeleteCrowdSessionsOf(ctx, id, ""); err != nil {
			return err
		}
		return tx.record(ctx, actor, "user.password.delete", username, map[string]any{"begins": hint}, nil, "")
	})
}

// UseServicePassword notes when a local password was used last, to the minute.
func (s *Store) UseServicePassword(ctx context.Context, userID string, at time.Time) error {
	_, err := s.db.Exec(ctx, `update service_passwords set last_used_at = @at
		where user_id = @user::uuid and (last_used_at is null or last_used_at < @before)`,
		named{"user": userID, "at": at, "before": at.Add(-time.Minute)})
	return err
}
