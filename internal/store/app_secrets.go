package store

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// MaxAppSecrets is how many secrets an app has at most: one, and a second while
// it replaces the first.
const MaxAppSecrets = 2

// ErrTooManySecrets: one must be removed before another is made.
var ErrTooManySecrets = errors.New("an app has two secrets at most")

func scanAppSecret(row pgx.CollectableRow) (a model.AppSecret, err error) {
	var used *time.Time
	err = row.Scan(&a.ID, &a.App, &a.Hash, &a.Hint, &a.CreatedBy, &a.CreatedAt, &used)
	a.LastUsedAt = valueOrZero(used)
	return a, err
}

// AppSecrets lists the secrets of an app, the newest first.
func (s *Store) AppSecrets(ctx context.Context, slug string) ([]model.AppSecret, error) {
	return list(ctx, s.db, scanAppSecret, `select id, app, hash, hint, created_by, created_at, last_used_at
		from app_secrets where app = @app order by id desc`, named{"app": slug})
}

// AddAppSecret gives an app a secret; ErrTooManySecrets when it has two.
func (s *Store) AddAppSecret(ctx context.Context, actor model.Actor, slug, hash, hint string) error {
	return s.InTx(ctx, func(tx *Store) error {
		if _, err := tx.app(ctx, slug, "for update"); err != nil {
			return err
		}
		there, err := tx.AppSecrets(ctx, slug)
		if err != nil {
			return err
		}
		if len(there) >= MaxAppSecrets {
			return ErrTooManySecrets
		}
		_, err = tx.db.Exec(ctx, "insert into app_secrets (app, hash, hint, created_by) values (@app, @hash, @hint, @by)",
			named{"app": slug, "hash": hash, "hint": hint, "by": actor.Name})
		if err != nil {
			return translate(err)
		}
		return tx.record(ctx, actor, "app.secret.create", slug, nil, map[string]any{"begins": hint}, "")
	})
}

// DeleteAppSecret takes a secret back: at once, nobody gets in with it.
func (s *Store) DeleteAppSecret(ctx context.Context, actor model.Actor, slug string, id int64) error {
	return s.InTx(ctx, func(tx *Store) error {
		var hint string
		err := tx.db.QueryRow(ctx, "delete from app_secrets where app = @app and id = @id returning hint",
			named{"app": slug, "id": id}).Scan(&hint)
		if err = translate(err); errors.Is(err, ErrNotFound) {
			return &Gone{Part: PartAppSecret, Object: slug, Actions: []string{"app.secret.delete"}, Key: "id", Value: strconv.FormatInt(id, 10)}
		}
		if err != nil {
			return err
		}
		return tx.record(ctx, actor, "app.secret.delete", slug, map[string]any{"begins": hint, "id": id}, nil, "")
	})
}

// UseAppSecret notes when a secret was used last, to the minute: an app that
// synchronizes would otherwise write at every request.
func (s *Store) UseAppSecret(ctx context.Context, id int64, at time.Time) error {
	_, err := s.db.Exec(ctx, `update app_secrets set last_used_at = @at
		where id = @id and (last_used_at is null or last_used_at < @before)`,
		named{"id": id, "at": at, "before": at.Add(-time.Minute)})
	return err
}
