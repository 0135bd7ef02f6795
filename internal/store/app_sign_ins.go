package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// refusalsAudited is how often, at most, refused sign-ins of one app are
// audited: an app that is set up wrongly, or somebody who tries, would
// otherwise fill the database.
const refusalsAudited = 5 * time.Minute

func scanAppSignIns(row pgx.CollectableRow) (a model.AppSignIns, err error) {
	var worked, refused *time.Time
	err = row.Scan(&a.App, &worked, &a.WorkedUser, &refused, &a.RefusedError, &a.RefusedWhy, &a.RefusedAddr)
	a.WorkedAt, a.RefusedAt = valueOrZero(worked), valueOrZero(refused)
	return a, err
}

// AppSignIns lists the last sign-ins of every app that had any, by slug.
func (s *Store) AppSignIns(ctx context.Context) ([]model.AppSignIns, error) {
	return list(ctx, s.db, scanAppSignIns, `select app, worked_at, worked_user, refused_at, refused_error, refused_why, refused_addr
		from app_sign_ins order by app`)
}

// AppSignInsOf is the last sign-ins of one app; empty when it had none.
func (s *Store) AppSignInsOf(ctx context.Context, slug string) (model.AppSignIns, error) {
	all, err := list(ctx, s.db, scanAppSignIns, `select app, worked_at, worked_user, refused_at, refused_error, refused_why, refused_addr
		from app_sign_ins where app = @app`, named{"app": slug})
	if err != nil || len(all) == 0 {
		return model.AppSignIns{App: slug}, err
	}
	return all[0], nil
}

// AppSignInWorked notes that an app got its tokens for a user.
func (s *Store) AppSignInWorked(ctx context.Context, slug, username string, at time.Time) error {
	_, err := s.db.Exec(ctx, `
		insert into app_sign_ins (app, worked_at, worked_user) values (@app, @at, @user)
		on conflict (app) do update set worked_at = @at, worked_user = @user`,
		named{"app": slug, "at": at, "user": username})
	return translate(err)
}

// AppSignInRefused notes that an app was refused, and writes an audit entry
// unless the last one is recent; the next one then says how many there were.
// ErrNotFound when there is no such app.
func (s *Store) AppSignInRefused(ctx context.Context, r model.AppSignIns) error {
	return s.InTx(ctx, func(tx *Store) error {
		var before int64
		var audited *time.Time
		err := tx.db.QueryRow(ctx, `
			insert into app_sign_ins as a (app, refused_at, refused_error, refused_why, refused_addr)
			values (@app, @at, @error, @why, @addr)
			on conflict (app) do update set refused_at = @at, refused_error = @error, refused_why = @why, refused_addr = @addr,
				unreported = a.unreported + 1
			returning unreported, audited_at`,
			named{"app": r.App, "at": r.RefusedAt, "error": r.RefusedError, "why": clean(r.RefusedWhy, maxText),
				"addr": clean(r.RefusedAddr, 64)}).Scan(&before, &audited)
		if err != nil {
			return translate(err)
		}
		if audited != nil && r.RefusedAt.Before(audited.Add(refusalsAudited)) {
			return nil
		}
		if _, err := tx.db.Exec(ctx, "update app_sign_ins set audited_at = @at, unreported = 0 where app = @app",
			named{"app": r.App, "at": r.RefusedAt}); err != nil {
			return err
		}
		note := r.RefusedWhy
		if before > 1 {
			note = fmt.Sprintf("%s At least %d more were refused since the last entry.", note, before-1)
		}
		return tx.RecordAudit(ctx, model.Actor{Name: "app " + r.App, RemoteAddr: r.RefusedAddr}, "app.sign_in_refused", r.App, note)
	})
}
