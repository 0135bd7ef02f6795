package store

import (
	"context"
	"encoding/base64"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

func scanPasskey(row pgx.CollectableRow) (p model.Passkey, err error) {
	var used *time.Time
	err = row.Scan(&p.ID, &p.Name, &p.Credential, &p.CreatedAt, &used)
	p.LastUsedAt = valueOrZero(used)
	return p, err
}

// Passkeys lists those of an administrator, the oldest first.
func (s *Store) Passkeys(ctx context.Context, administratorID int64) ([]model.Passkey, error) {
	return list(ctx, s.db, scanPasskey, "select id, name, credential, created_at, last_used_at from passkeys where administrator_id = @admin "+
		"order by created_at, id",
		named{"admin": administratorID})
}

// AdministratorByHandle finds the one that a passkey names.
func (s *Store) AdministratorByHandle(ctx context.Context, handle string) (model.Administrator, error) {
	return s.administrator(ctx, "where handle::text = @handle", named{"handle": handle})
}

// AddPasskey keeps a new one; ErrExists when it is registered already.
func (s *Store) AddPasskey(ctx context.Context, actor model.Actor, a model.Administrator, p model.Passkey) error {
	return s.InTx(ctx, func(tx *Store) error {
		_, err := tx.db.Exec(ctx, "insert into passkeys (id, administrator_id, name, credential) values (@id, @admin, @name, @credential::jsonb)",
			named{"id": p.ID, "admin": a.ID, "name": clean(p.Name, 100), "credential": string(p.Credential)})
		if err != nil {
			return translate(err)
		}
		return tx.record(ctx, actor, "administrator.passkey_add", a.Email, nil, map[string]string{"name": p.Name}, "")
	})
}

// UsePasskey keeps what changed by its use: the counter, and when.
func (s *Store) UsePasskey(ctx context.Context, p model.Passkey, now time.Time) error {
	_, err := s.db.Exec(ctx, "update passkeys set credential = @credential::jsonb, last_used_at = @now where id = @id",
		named{"id": p.ID, "credential": string(p.Credential), "now": now})
	return err
}

// RemovePasskey takes one away; ErrNotFound when the administrator has no such.
func (s *Store) RemovePasskey(ctx context.Context, actor model.Actor, a model.Administrator, id []byte) error {
	return s.InTx(ctx, func(tx *Store) error {
		name, err := single(ctx, tx.db, pgx.RowTo[string], "delete from passkeys where id = @id and administrator_id = @admin returning name",
			named{"id": id, "admin": a.ID})
		key := base64.RawURLEncoding.EncodeToString(id)
		if errors.Is(err, ErrNotFound) {
			return &Gone{Part: PartPasskey, Object: a.Email, Actions: []string{"administrator.passkey_remove"}, Key: "id", Value: key}
		}
		if err != nil {
			return err
		}
		return tx.record(ctx, actor, "administrator.passkey_remove", a.Email, map[string]string{"name": name, "id": key}, nil, "")
	})
}

// RemovePasskeys takes every passkey and recovery code of an administrator away.
func (s *Store) RemovePasskeys(ctx context.Context, actor model.Actor, a model.Administrator) (int64, error) {
	var n int64
	err := s.InTx(ctx, func(tx *Store) error {
		tag, err := tx.db.Exec(ctx, "delete from passkeys where administrator_id = @admin", named{"admin": a.ID})
		if err != nil {
			return err
		}
		if _, err := tx.db.Exec(ctx, "delete from recovery_codes where administrator_id = @admin", named{"admin": a.ID}); err != nil {
			return err
		}
		if n = tag.RowsAffected(); n == 0 {
			return nil
		}
		return tx.RecordAudit(ctx, actor, "administrator.passkeys_removed", a.Email, "")
	})
	return n, err
}

// SetRecoveryCodes replaces the recovery codes, of which only hashes are kept.
func (s *Store) SetRecoveryCodes(ctx context.Context, actor model.Actor, a model.Administrator, hashes []string) error {
	return s.InTx(ctx, func(tx *Store) error {
		if _, err := tx.db.Exec(ctx, "delete from recovery_codes where administrator_id = @admin", named{"admin": a.ID}); err != nil {
			return err
		}
		if _, err := tx.db.Exec(ctx, "insert into recovery_codes (administrator_id, hash) select @admin, unnest(@hashes::text[])",
			named{"admin": a.ID, "hashes": hashes}); err != nil {
			return translate(err)
		}
		return tx.RecordAudit(ctx, actor, "administrator.recovery_codes", a.Email, "")
	})
}

// UseRecoveryCode spends one; ErrNotFound when it is unknown or was used.
func (s *Store) UseRecoveryCode(ctx context.Context, actor model.Actor, a model.Administrator, hash string, now time.Time) error {
	return s.InTx(ctx, func(tx *Store) error {
		tag, err := tx.db.Exec(ctx, "update recovery_codes set used_at = @now where administrator_id = @admin and hash = @hash and used_at is null",
			named{"admin": a.ID, "hash": hash, "now": now})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrNotFound
		}
		return tx.RecordAudit(ctx, actor, "administrator.recovery_code_used", a.Email, "")
	})
}

// CountRecoveryCodes counts those that are left.
func (s *Store) CountRecoveryCodes(ctx context.Context, administratorID int64) (int, error) {
	return single(ctx, s.db, pgx.RowTo[int], "select count(*)::int from recovery_codes where administrator_id = @admin and used_at is null",
		named{"admin": administratorID})
}

// CountPasskeys counts those of everybody, and whom they belong to.
func (s *Store) CountPasskeys(ctx context.Context) (passkeys, administrators int, err error) {
	err = s.db.QueryRow(ctx, "select count(*), count(distinct administrator_id) from passkeys").Scan(&passkeys, &administrators)
	return passkeys, administrators, err
}
