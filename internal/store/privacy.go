package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/postern-sso/postern/internal/model"
)

// PersonData is everything that is stored about a user.
type PersonData struct {
	User        model.User         `json:"user"`
	Identities  []model.Identity   `json:"aws_identities"`
	Memberships []model.Membership `json:"memberships"`
	Logins      []model.Login      `json:"logins"` // the newest; without the sealed XML
	Audit       []model.AuditEntry `json:"audit"`  // what was done to them, and what they did as an administrator

	ConsoleSessions []model.ConsoleSession `json:"console_sessions"` // of somebody who comes to the console through AWS
}

// maxPersonRows bounds the logins and entries of an export.
const maxPersonRows = 10_000

// PersonData collects it, and notes in the audit that it was read.
func (s *Store) PersonData(ctx context.Context, actor model.Actor, username string) (PersonData, error) {
	var d PersonData
	err := s.InTx(ctx, func(tx *Store) (err error) {
		if d.User, err = tx.User(ctx, username); err != nil {
			return err
		}
		if d.Identities, err = tx.Identities(ctx, d.User.ID); err != nil {
			return err
		}
		if d.Memberships, err = tx.UserMemberships(ctx, d.User.ID); err != nil {
			return err
		}
		if d.Logins, err = tx.LoginsOf(ctx, d.User, maxPersonRows); err != nil {
			return err
		}
		for i := range d.Logins {
			d.Logins[i].XMLSealed = nil
		}
		d.ConsoleSessions, err = list(ctx, tx.db, scanConsoleSession, "select "+consoleSessionColumns+` from admin_sessions
			where administrator_id in (select id from administrators where user_id = @user::uuid) order by id desc`, named{"user": d.User.ID})
		if err != nil {
			return err
		}
		d.Audit, err = list(ctx, tx.db, scanAuditEntry, `select id, at, actor, remote_addr, action, object, before, after, note from audit
			where object = @name or right(object, length(@name) + 2) = ': ' || @name or actor = @name order by id desc limit @limit`,
			named{"name": d.User.Username, "limit": maxPersonRows})
		if err != nil {
			return err
		}
		return tx.RecordAudit(ctx, actor, "user.data_exported", d.User.Username, "")
	})
	return d, err
}

// ErasePerson deletes a user and takes everything that says who they were out of
// logins and the audit. That somebody did something stays, who it was does not.
// It returns the alias that stands in the place of the name.
func (s *Store) ErasePerson(ctx context.Context, actor model.Actor, username string) (alias string, err error) {
	err = s.InTx(ctx, func(tx *Store) error {
		u, err := tx.one(ctx, "where username_key = @key for update", named{"key": model.Key(username)})
		if err != nil {
			return err
		}
		sum := sha256.Sum256([]byte(u.ID)) // no way back to the person once the user is gone
		alias = "erased-" + hex.EncodeToString(sum[:4])
		args := named{"id": u.ID, "key": model.Key(u.Username), "alias": alias, "name": u.Username}
		for _, sql := range []string{
			`delete from trace_links where lower(person) = lower(@name) or login_id in (select id from logins where user_id = @id::uuid or username_key = @key)`,
			`update logins set username = @alias, username_key = '', name_id = '', name_id_key = '', remote_addr = '', user_agent = '', person = null,
				checks = '[]', changes = '[]', refusal = null, xml_sealed = null where user_id = @id::uuid or username_key = @key`,
			`update app_sign_ins set worked_user = '' where worked_user = @name`,
			`delete from bulk_changes where strpos(items::text, to_json(@name::text)::text) > 0 or strpos(items::text, @id) > 0`,
			`delete from users where id = @id::uuid`,
		} {
			if _, err := tx.db.Exec(ctx, sql, args); err != nil {
				return translate(err)
			}
		}
		if _, err := tx.db.Exec(ctx, "select erase_from_audit(@name, @alias)", args); err != nil {
			return err
		}
		return tx.RecordAudit(ctx, actor, "user.erase", alias, "Everything that says who this was is gone.")
	})
	return alias, err
}
