package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

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
	TraceLinks      []model.TraceLink      `json:"trace_links"`      // made for them, without the tokens
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
		d.TraceLinks, err = list(ctx, tx.db, scanTraceLink, traceLinkSQL+"where lower(t.person) = lower(@name) order by t.id desc", named{"name": d.User.Username})
		if err != nil {
			return err
		}
		for i := range d.TraceLinks {
			d.TraceLinks[i].TokenSealed = nil
		}
		d.Audit, err = list(ctx, tx.db, scanAuditEntry, `select id, at, actor, remote_addr, action, object, before, after, note from audit
			where object = @name or right(object, length(@name) + 2) = ': ' || @name or actor in (@name, @console) order by id desc limit @limit`,
			named{"name": d.User.Username, "console": model.Administrator{Email: d.User.Username, UserID: d.User.ID}.ActorName(), "limit": maxPersonRows})
		if err != nil {
			return err
		}
		return tx.RecordAudit(ctx, actor, "user.data_exported", d.User.Username, "")
	})
	return d, err
}

// ErasePerson deletes a user and takes everything that says who they were out of
// logins and the audit, also under the names that they had before. That somebody
// did something stays, who it was does not. It returns the alias that stands in
// the place of the name.
func (s *Store) ErasePerson(ctx context.Context, actor model.Actor, username string) (alias string, err error) {
	alias = newAlias()
	err = s.InTx(ctx, func(tx *Store) error {
		u, err := tx.one(ctx, "where username_key = @key for update", named{"key": model.Key(username)})
		if err != nil {
			return err
		}
		names, err := tx.namesOf(ctx, u)
		if err != nil {
			return err
		}
		return tx.erase(ctx, actor, u.ID, names, alias)
	})
	return alias, err
}

// newAlias makes the name of somebody who was erased. It is not made of anything
// that was known about them: there is no way back.
func newAlias() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return "erased-" + hex.EncodeToString(b[:])
}

// erase puts the alias in the place of the names. The database's own function
// deletes the user, cleans the audit, which this role cannot, and notes that it did.
func (s *Store) erase(ctx context.Context, actor model.Actor, id string, names []string, alias string) error {
	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = model.Key(name)
	}
	args := named{"id": id, "keys": keys, "alias": alias, "names": names, "actor": clean(actor.Name, 512), "remote": clean(actor.RemoteAddr, 64)}
	for _, sql := range []string{
		`delete from trace_links where lower(person) = any(@keys) or person = any(@names) or login_id in (select id from logins where user_id = @id::uuid or username_key = any(@keys))`,
		`update logins set username = @alias, username_key = '', name_id = '', name_id_key = '', remote_addr = '', user_agent = '', person = null,
			checks = '[]', changes = '[]', refusal = null, xml_sealed = null where user_id = @id::uuid or username_key = any(@keys)`,
		`update app_sign_ins set worked_user = '' where worked_user = any(@names)`,
		`delete from bulk_changes b where exists (select from jsonb_array_elements(b.items) i
			where i ->> 'UserID' = @id or i ->> 'Username' = any(@names))`,
		`select erase_from_audit(@id::uuid, @names, @alias, @actor, @remote)`,
	} {
		if _, err := s.db.Exec(ctx, sql, args); err != nil {
			return translate(err)
		}
	}
	return nil
}

// namesOf are the names that a user has and had, by the audit, but for those that
// somebody else has now.
func (s *Store) namesOf(ctx context.Context, u model.User) ([]string, error) {
	names := []string{u.Username}
	for i := 0; i < len(names); i++ {
		earlier, err := list(ctx, s.db, pgx.RowTo[string], `select distinct before ->> 'username' from audit
			where action = 'user.update' and after ->> 'username' = @name and before ->> 'username' <> @name`, named{"name": names[i]})
		if err != nil {
			return nil, err
		}
		for _, name := range earlier {
			other, err := s.User(ctx, name)
			taken := err == nil && other.ID != u.ID
			if err != nil && !errors.Is(err, ErrNotFound) {
				return nil, err
			}
			if !taken && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names, nil
}
