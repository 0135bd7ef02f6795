package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

func scanSigningKey(row pgx.CollectableRow) (k model.SigningKey, err error) {
	var current, retired *time.Time
	err = row.Scan(&k.ID, &k.State, &k.Sealed, &k.CreatedAt, &current, &retired)
	k.CurrentAt, k.RetiredAt = valueOrZero(current), valueOrZero(retired)
	return k, err
}

// SigningKeys lists the keys that sign ID tokens, the current one first.
func (s *Store) SigningKeys(ctx context.Context) ([]model.SigningKey, error) {
	return list(ctx, s.db, scanSigningKey, `select id, state, sealed, created_at, current_at, retired_at from oidc_keys
		order by array_position(array['current', 'next', 'retired'], state), retired_at desc`)
}

// KeyRotation says how signing keys change.
type KeyRotation struct {
	Now      time.Time
	Period   time.Duration // how long one key signs
	Force    bool          // rotate whatever the time
	Withdraw bool          // the key that signed until now is unpublished at once
	Settled  time.Duration // how long the next key has to be published before it is forced to sign
	Actor    model.Actor   // who forced it, for the audit

	// Generate makes a key; only its ID and Sealed count.
	Generate func() (model.SigningKey, error)
}

// signingKeyLock keeps two processes from making keys at the same time.
const signingKeyLock = 0x6f696463 // "oidc"

// RotateSigningKeys makes sure that there is a current key and a next one, and
// replaces the current one by the next when its period is over. It returns the
// keys as they are then. Several processes may call it at once. ErrConflict when
// it is forced and the next key is too new; withdrawing does not wait for that.
func (s *Store) RotateSigningKeys(ctx context.Context, r KeyRotation) ([]model.SigningKey, error) {
	var keys []model.SigningKey
	err := s.InTx(ctx, func(tx *Store) (err error) {
		if _, err = tx.db.Exec(ctx, "select pg_advisory_xact_lock($1)", signingKeyLock); err != nil {
			return err
		}
		if keys, err = tx.SigningKeys(ctx); err != nil {
			return err
		}
		byState := make(map[model.KeyState]model.SigningKey)
		for _, k := range keys {
			byState[k.State] = k
		}
		current, exists := byState[model.KeyCurrent]
		due := exists && (r.Force || !r.Now.Before(current.CurrentAt.Add(r.Period)))
		if next, ok := byState[model.KeyNext]; ok && r.Force && !r.Withdraw && r.Now.Before(next.CreatedAt.Add(r.Settled)) {
			return ErrConflict
		}
		if due {
			if err := tx.retireKey(ctx, current, r); err != nil {
				return err
			}
		}
		if !exists || due {
			if err := tx.promoteKey(ctx, byState, r); err != nil {
				return err
			}
		}
		if err := tx.addNextKey(ctx, r); err != nil {
			return err
		}
		keys, err = tx.SigningKeys(ctx)
		return err
	})
	return keys, err
}

func (s *Store) retireKey(ctx context.Context, k model.SigningKey, r KeyRotation) error {
	sql := "update oidc_keys set state = 'retired', retired_at = @now where id = @id"
	if r.Withdraw {
		sql = "delete from oidc_keys where id = @id or state = 'retired'"
	}
	if _, err := s.db.Exec(ctx, sql, named{"id": k.ID, "now": r.Now}); err != nil {
		return err
	}
	if !r.Force {
		return nil
	}
	note := "The key stays published until its last tokens have expired."
	if r.Withdraw {
		note = "The key was withdrawn at once."
	}
	return s.record(ctx, r.Actor, "signing_key.rotate", k.ID, nil, nil, note)
}

// promoteKey makes the next key the current one, or a new one where there is none.
func (s *Store) promoteKey(ctx context.Context, byState map[model.KeyState]model.SigningKey, r KeyRotation) error {
	if next, ok := byState[model.KeyNext]; ok {
		_, err := s.db.Exec(ctx, "update oidc_keys set state = 'current', current_at = @now where id = @id",
			named{"id": next.ID, "now": r.Now})
		return err
	}
	k, err := r.Generate()
	if err != nil {
		return err
	}
	_, err = s.db.Exec(ctx, "insert into oidc_keys (id, state, sealed, created_at, current_at) values (@id, 'current', @sealed, @now, @now)",
		named{"id": k.ID, "sealed": k.Sealed, "now": r.Now})
	return err
}

func (s *Store) addNextKey(ctx context.Context, r KeyRotation) error {
	var there bool
	err := s.db.QueryRow(ctx, "select exists (select from oidc_keys where state = 'next')").Scan(&there)
	if err != nil || there {
		return err
	}
	k, err := r.Generate()
	if err != nil {
		return err
	}
	_, err = s.db.Exec(ctx, "insert into oidc_keys (id, state, sealed, created_at) values (@id, 'next', @sealed, @now)",
		named{"id": k.ID, "sealed": k.Sealed, "now": r.Now})
	return err
}
