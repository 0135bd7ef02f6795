package store

import (
	"context"
	"reflect"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

func scanApp(row pgx.CollectableRow) (a model.App, err error) {
	err = row.Scan(&a.Slug, &a.Kind, &a.Name, &a.RedirectURIs, &a.AllowedIPs)
	return a, err
}

func (s *Store) apps(ctx context.Context, where string, args named) ([]model.App, error) {
	return list(ctx, s.db, scanApp, "select slug, kind, name, redirect_uris, allowed_ips from apps "+where, args)
}

// Apps lists the relying parties by slug.
func (s *Store) Apps(ctx context.Context) ([]model.App, error) {
	return s.apps(ctx, "order by slug", nil)
}

// SaveApp makes or changes a relying party.
func (s *Store) SaveApp(ctx context.Context, actor model.Actor, a model.App) error {
	return s.InTx(ctx, func(tx *Store) error {
		existing, err := tx.apps(ctx, "where slug = @slug for update", named{"slug": a.Slug})
		if err != nil {
			return err
		}
		a.RedirectURIs, a.AllowedIPs = orEmpty(a.RedirectURIs), orEmpty(a.AllowedIPs)
		var before any
		action := "app.create"
		if len(existing) > 0 {
			if reflect.DeepEqual(existing[0], a) {
				return nil
			}
			before, action = existing[0], "app.update"
		}
		_, err = tx.db.Exec(ctx, `
			insert into apps (slug, kind, name, redirect_uris, allowed_ips) values (@slug, @kind, @name, @uris, @ips)
			on conflict (slug) do update set kind = excluded.kind, name = excluded.name, redirect_uris = excluded.redirect_uris,
				allowed_ips = excluded.allowed_ips, updated_at = now()`,
			named{"slug": a.Slug, "kind": a.Kind, "name": a.Name, "uris": a.RedirectURIs, "ips": a.AllowedIPs})
		if err != nil {
			return translate(err)
		}
		return tx.record(ctx, actor, action, a.Slug, before, a, "")
	})
}

// DeleteApp removes a relying party.
func (s *Store) DeleteApp(ctx context.Context, actor model.Actor, slug string) error {
	return s.InTx(ctx, func(tx *Store) error {
		existing, err := tx.apps(ctx, "where slug = @slug for update", named{"slug": slug})
		if err != nil {
			return err
		}
		if len(existing) == 0 {
			return ErrNotFound
		}
		if _, err := tx.db.Exec(ctx, "delete from apps where slug = @slug", named{"slug": slug}); err != nil {
			return err
		}
		return tx.record(ctx, actor, "app.delete", slug, existing[0], nil, "")
	})
}

func orEmpty(texts []string) []string {
	if texts == nil {
		return []string{}
	}
	return texts
}
