package store

import (
	"context"
	"errors"
	"reflect"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

const appColumns = `a.slug, a.kind, a.name, a.product, a.redirect_uris, a.post_logout_uris, a.start_url, a.allowed_ips, a.connection, a.public,
	a.all_groups, array(select g.name from app_groups ag join groups g on g.id = ag.group_id where ag.app = a.slug order by g.name_key)`

func scanApp(row pgx.CollectableRow) (a model.App, err error) {
	err = row.Scan(&a.Slug, &a.Kind, &a.Name, &a.Product, &a.RedirectURIs, &a.PostLogoutURIs, &a.StartURL, &a.AllowedIPs, &a.Connection, &a.Public,
		&a.AllGroups, &a.Groups)
	return a, err
}

// Apps lists the relying parties by slug.
func (s *Store) Apps(ctx context.Context) ([]model.App, error) {
	return list(ctx, s.db, scanApp, "select "+appColumns+" from apps a order by a.slug")
}

// App finds a relying party by slug.
func (s *Store) App(ctx context.Context, slug string) (model.App, error) {
	return s.app(ctx, slug, "")
}

func (s *Store) app(ctx context.Context, slug, lock string) (model.App, error) {
	return single(ctx, s.db, scanApp, "select "+appColumns+" from apps a where a.slug = @slug "+lock, named{"slug": slug})
}

// CreateApp makes a relying party; ErrExists when the slug is taken,
// ErrNotFound when a group is unknown, ErrNoConnection when its connection is.
func (s *Store) CreateApp(ctx context.Context, actor model.Actor, a model.App) error {
	a = canonicalApp(a)
	return s.InTx(ctx, func(tx *Store) error {
		_, err := tx.db.Exec(ctx, `
			insert into apps (slug, kind, name, product, redirect_uris, post_logout_uris, start_url, allowed_ips, connection, public, all_groups)
			values (@slug, @kind, @name, @product, @uris, @logout, @start, @ips, @connection, @public, @all)`, appArgs(a))
		if err != nil {
			return translate(err)
		}
		if err := tx.writeAppLinks(ctx, a); err != nil {
			return err
		}
		return tx.record(ctx, actor, "app.create", a.Slug, nil, a, "")
	})
}

// SaveApp makes or changes a relying party. Its slug never changes.
func (s *Store) SaveApp(ctx context.Context, actor model.Actor, a model.App) error {
	a = canonicalApp(a)
	return s.InTx(ctx, func(tx *Store) error {
		before, err := tx.app(ctx, a.Slug, "for no key update") // an exchange under way refers to the app, and must not wait
		if errors.Is(err, ErrNotFound) {
			return tx.CreateApp(ctx, actor, a)
		}
		if err != nil || reflect.DeepEqual(canonicalApp(before), a) {
			return err
		}
		_, err = tx.db.Exec(ctx, `
			update apps set kind = @kind, name = @name, product = @product, redirect_uris = @uris, post_logout_uris = @logout, start_url = @start,
				allowed_ips = @ips, connection = @connection, public = @public, all_groups = @all, updated_at = now()
			where slug = @slug`, appArgs(a))
		if err != nil {
			return translate(err)
		}
		if before.Public != a.Public { // what was given to who has a secret must not be good without one
			if err := tx.revokeGrants(ctx, "app = @slug", named{"slug": a.Slug}); err != nil {
				return err
			}
		}
		if err := tx.writeAppLinks(ctx, a); err != nil {
			return err
		}
		return tx.record(ctx, actor, "app.update", a.Slug, before, a, "")
	})
}

// canonicalApp is an app in the form in which it is stored.
func canonicalApp(a model.App) model.App {
	a.Name = model.Canonical(a.Name)
	a.RedirectURIs, a.PostLogoutURIs, a.AllowedIPs = orNone(a.RedirectURIs), orNone(a.PostLogoutURIs), orNone(a.AllowedIPs)
	if a.Product == "" {
		a.Product = model.ProductOther
	}
	if a.Groups = orNone(a.Groups); a.AllGroups {
		a.Groups = []string{}
	}
	return a
}

func appArgs(a model.App) named {
	return named{"slug": a.Slug, "kind": a.Kind, "name": a.Name, "product": a.Product, "uris": a.RedirectURIs,
		"logout": a.PostLogoutURIs, "start": a.StartURL, "ips": a.AllowedIPs, "connection": a.Connection, "public": a.Public, "all": a.AllGroups}
}

// writeAppLinks keeps what an app names besides itself: a connection, which must
// stay until this is written, and groups.
func (s *Store) writeAppLinks(ctx context.Context, a model.App) error {
	if a.Connection != "" {
		var one int
		err := translate(s.db.QueryRow(ctx, "select 1 from connections where slug = @slug for key share", named{"slug": a.Connection}).Scan(&one))
		if errors.Is(err, ErrNotFound) {
			return ErrNoConnection
		}
		if err != nil {
			return err
		}
	}
	return s.writeAppGroups(ctx, a)
}

func (s *Store) writeAppGroups(ctx context.Context, a model.App) error {
	keys := sortedKeys(a.Groups)
	args := named{"app": a.Slug, "keys": keys}
	var known int
	if err := s.db.QueryRow(ctx, "select count(*) from groups where name_key = any(@keys)", args).Scan(&known); err != nil {
		return err
	}
	if known != len(keys) {
		return ErrNotFound
	}
	// Only what differs is written: a directory client hears of each change.
	_, err := s.db.Exec(ctx, `delete from app_groups where app = @app
		and group_id not in (select id from groups where name_key = any(@keys))`, args)
	if err != nil {
		return err
	}
	_, err = s.db.Exec(ctx, `insert into app_groups (app, group_id) select @app, id from groups where name_key = any(@keys)
		on conflict do nothing`, args)
	return err
}

// AppsThatChose lists the apps that see a group because it was chosen for them.
func (s *Store) AppsThatChose(ctx context.Context, groupID int64) ([]model.App, error) {
	return list(ctx, s.db, scanApp, "select "+appColumns+` from apps a
		where not a.all_groups and exists (select from app_groups x where x.app = a.slug and x.group_id = @group) order by a.slug`, named{"group": groupID})
}

// recordGroupLost audits that an app no longer sees a group, because it is gone.
func (s *Store) recordGroupLost(ctx context.Context, actor model.Actor, before model.App, group string) error {
	after := before
	after.Groups = slices.DeleteFunc(slices.Clone(before.Groups), func(name string) bool { return name == group })
	detail := "The group " + group + " was deleted."
	if len(after.Groups) == 0 {
		detail += " The app sees no group now."
	}
	return s.record(ctx, actor, "app.group_lost", before.Slug, before, after, detail)
}

// unpinApps lets the people of apps choose whose connection was one alone.
func (s *Store) unpinApps(ctx context.Context, actor model.Actor, connection string) error {
	all, err := s.Apps(ctx)
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.Connection != connection {
			continue
		}
		a.Connection = ""
		if err := s.SaveApp(ctx, actor, a); err != nil {
			return err
		}
	}
	return nil
}

// DeleteApp removes a relying party with its secrets.
func (s *Store) DeleteApp(ctx context.Context, actor model.Actor, slug string) error {
	return s.InTx(ctx, func(tx *Store) error {
		before, err := tx.app(ctx, slug, "for update")
		if err != nil {
			return err
		}
		if _, err := tx.db.Exec(ctx, "delete from apps where slug = @slug", named{"slug": slug}); err != nil {
			return err
		}
		return tx.record(ctx, actor, "app.delete", slug, before, nil, "")
	})
}
