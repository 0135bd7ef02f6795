package store

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

const administratorColumns = `id, email, password_hash, role, session_epoch, created_at, last_signin_at, handle::text, coalesce(user_id::text, '')`

func scanAdministrator(row pgx.CollectableRow) (a model.Administrator, err error) {
	var last *time.Time
	err = row.Scan(&a.ID, &a.Email, &a.PasswordHash, &a.Role, &a.SessionEpoch, &a.CreatedAt, &last, &a.Handle, &a.UserID)
	if last != nil {
		a.LastSigninAt = *last
	}
	return a, err
}

// auditedAdministrator is an administrator as the audit keeps it: of the
// password only whether it was set or changed.
func auditedAdministrator(a model.Administrator, password string) any {
	return map[string]any{"email": a.Email, "role": a.Role, "password": password}
}

func (s *Store) administrator(ctx context.Context, where string, args named) (model.Administrator, error) {
	return single(ctx, s.db, scanAdministrator, "select "+administratorColumns+" from administrators "+where, args)
}

// Administrators lists everybody who may use the console.
func (s *Store) Administrators(ctx context.Context) ([]model.Administrator, error) {
	return list(ctx, s.db, scanAdministrator, "select "+administratorColumns+" from administrators order by email_key")
}

// Administrator finds one by id.
func (s *Store) Administrator(ctx context.Context, id int64) (model.Administrator, error) {
	return s.administrator(ctx, "where id = @id", named{"id": id})
}

// AdministratorByEmail finds one by email, whatever its case.
func (s *Store) AdministratorByEmail(ctx context.Context, email string) (model.Administrator, error) {
	return s.administrator(ctx, "where email_key = @key", named{"key": model.Key(email)})
}

// HasAdministrators tells whether somebody has claimed this Postern.
func (s *Store) HasAdministrators(ctx context.Context) (bool, error) {
	var has bool
	err := s.db.QueryRow(ctx, "select exists (select from administrators)").Scan(&has)
	return has, err
}

// CreateAdministrator adds one; ErrExists when the email is taken.
func (s *Store) CreateAdministrator(ctx context.Context, actor model.Actor, a model.Administrator) (model.Administrator, error) {
	err := s.InTx(ctx, func(tx *Store) (err error) {
		a, err = single(ctx, tx.db, scanAdministrator, `
			insert into administrators (email, email_key, password_hash, role)
			values (@email, @key, @hash, @role) returning `+administratorColumns,
			named{"email": model.Canonical(a.Email), "key": model.Key(a.Email), "hash": a.PasswordHash, "role": a.Role})
		if err != nil {
			return err
		}
		return tx.record(ctx, actor, "administrator.create", a.Email, nil, auditedAdministrator(a, "set"), "")
	})
	return a, err
}

// UpdateAdministrator changes one under a lock. A new password or role ends
// every session. ErrLastOwner when nobody would be owner any more.
func (s *Store) UpdateAdministrator(ctx context.Context, actor model.Actor, id int64, change func(*model.Administrator) error) error {
	return s.InTx(ctx, func(tx *Store) error {
		before, err := tx.lockAdministrator(ctx, id)
		if err != nil {
			return err
		}
		after := before
		if err := change(&after); err != nil {
			return err
		}
		after.Email = model.Canonical(after.Email)
		if after.Email == before.Email && after.PasswordHash == before.PasswordHash && after.Role == before.Role {
			return nil
		}
		if before.Role == model.RoleOwner && after.Role != model.RoleOwner {
			if err := tx.anotherOwner(ctx, id); err != nil {
				return err
			}
		}
		password := "set"
		if after.PasswordHash != before.PasswordHash {
			password = "changed"
		}
		after.SessionEpoch = before.SessionEpoch
		if after.PasswordHash != before.PasswordHash || after.Role != before.Role {
			after.SessionEpoch++
		}
		_, err = tx.db.Exec(ctx, `
			update administrators set email = @email, email_key = @key, password_hash = @hash, role = @role, session_epoch = @epoch
			where id = @id`,
			named{"id": id, "email": after.Email, "key": model.Key(after.Email),
				"hash": after.PasswordHash, "role": after.Role, "epoch": after.SessionEpoch})
		if err != nil {
			return translate(err)
		}
		if after.SessionEpoch != before.SessionEpoch {
			if _, err := tx.db.Exec(ctx, "update admin_sessions set ended_at = now() where administrator_id = $1 and ended_at is null", id); err != nil {
				return err
			}
		}
		return tx.record(ctx, actor, "administrator.update", after.Email,
			auditedAdministrator(before, "set"), auditedAdministrator(after, password), "")
	})
}

// ReplacePasswordHash keeps another hash of the same password, unless it was
// changed meanwhile. To the account nothing changes.
func (s *Store) ReplacePasswordHash(ctx context.Context, a model.Administrator, hash string) error {
	_, err := s.db.Exec(ctx, "update administrators set password_hash = @fresh where id = @id and password_hash = @old",
		named{"id": a.ID, "old": a.PasswordHash, "fresh": hash})
	return err
}

// DeleteAdministrator removes one; ErrLastOwner when nobody would be owner.
func (s *Store) DeleteAdministrator(ctx context.Context, actor model.Actor, id int64) error {
	return s.InTx(ctx, func(tx *Store) error {
		a, err := tx.lockAdministrator(ctx, id)
		if err != nil {
			return err
		}
		if a.Role == model.RoleOwner {
			if err := tx.anotherOwner(ctx, id); err != nil {
				return err
			}
		}
		if _, err := tx.db.Exec(ctx, "delete from administrators where id = $1", id); err != nil {
			return err
		}
		return tx.record(ctx, actor, "administrator.delete", a.Email, auditedAdministrator(a, "set"), nil, "")
	})
}

// lockAdministrator locks every owner before the one asked for, so that two
// owners who remove each other cannot both succeed.
func (s *Store) lockAdministrator(ctx context.Context, id int64) (model.Administrator, error) {
	if _, err := s.db.Exec(ctx, "select from administrators where role = 'owner' order by id for update"); err != nil {
		return model.Administrator{}, err
	}
	return s.administrator(ctx, "where id = @id for update", named{"id": id})
}

func (s *Store) anotherOwner(ctx context.Context, id int64) error {
	var others bool
	err := s.db.QueryRow(ctx, "select exists (select from administrators where role = 'owner' and id <> $1)", id).Scan(&others)
	if err == nil && !others {
		err = ErrLastOwner
	}
	return err
}

// RecordSignin notes when an administrator last signed in.
func (s *Store) RecordSignin(ctx context.Context, id int64, at time.Time) error {
	_, err := s.db.Exec(ctx, "update administrators set last_signin_at = $2 where id = $1", id, at)
	return err
}

func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// SaveClaimToken keeps the hash of a one-time link that makes the first owner.
func (s *Store) SaveClaimToken(ctx context.Context, token string, expires time.Time) error {
	_, err := s.db.Exec(ctx, "insert into claim_tokens (token_hash, expires_at) values ($1, $2)", hashToken(token), expires)
	return err
}

// ClaimTokenValid tells whether the link still works.
func (s *Store) ClaimTokenValid(ctx context.Context, token string, now time.Time) (bool, error) {
	var valid bool
	err := s.db.QueryRow(ctx, `
		select exists (select from claim_tokens where token_hash = $1 and expires_at > $2)
		   and not exists (select from administrators)`, hashToken(token), now).Scan(&valid)
	return valid, err
}

// Claim uses the link up and makes the first owner. ErrNotFound when the link
// is wrong, used or expired, or when there is an administrator already.
func (s *Store) Claim(ctx context.Context, actor model.Actor, token string, now time.Time, a model.Administrator) (model.Administrator, error) {
	err := s.InTx(ctx, func(tx *Store) error {
		// Two links used at once: the lock lets the second see the first's owner.
		if _, err := tx.db.Exec(ctx, "lock table claim_tokens in exclusive mode"); err != nil {
			return err
		}
		valid, err := tx.ClaimTokenValid(ctx, token, now)
		if err != nil {
			return err
		}
		if !valid {
			return ErrNotFound
		}
		if _, err := tx.db.Exec(ctx, "delete from claim_tokens"); err != nil {
			return err
		}
		a.Role = model.RoleOwner
		a, err = tx.CreateAdministrator(ctx, actor, a)
		return err
	})
	return a, err
}
