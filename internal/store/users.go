package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

const userColumns = `u.id::text, u.username, u.email, u.display_name, u.first_name, u.last_name, u.active, u.source,
	u.session_epoch, u.created_at, u.updated_at, u.last_login_at`

func scanUser(row pgx.CollectableRow) (u model.User, err error) {
	var last *time.Time
	err = row.Scan(&u.ID, &u.Username, &u.Email, &u.DisplayName, &u.FirstName, &u.LastName, &u.Active, &u.Source,
		&u.SessionEpoch, &u.CreatedAt, &u.UpdatedAt, &last)
	u.LastLoginAt = valueOrZero(last)
	return u, err
}

// auditedUser is a user as the audit keeps it: without what every login changes.
func auditedUser(u model.User) any {
	return map[string]any{"username": u.Username, "email": u.Email, "display_name": u.DisplayName,
		"first_name": u.FirstName, "last_name": u.LastName, "active": u.Active, "source": u.Source}
}

// UserQuery chooses users.
type UserQuery struct {
	Search string // in username, email and display name
	Active *bool
	Source model.UserSource
	Group  string
	Sort   string // "username" (default), "-username", "email", "-email", "-last_login"
	Page
}

type userOrder struct{ column, direction, compare string }

var userOrders = map[string]userOrder{
	"username":    {"u.username_key", "asc", ">"},
	"-username":   {"u.username_key", "desc", "<"},
	"email":       {"u.email_key", "asc", ">"},
	"-email":      {"u.email_key", "desc", "<"},
	"-last_login": {"coalesce(u.last_login_at, '-infinity')", "desc", "<"},
}

func (s *Store) one(ctx context.Context, where string, args pgx.NamedArgs) (model.User, error) {
	rows, err := s.db.Query(ctx, "select "+userColumns+" from users u "+where, args)
	if err != nil {
		return model.User{}, err
	}
	u, err := pgx.CollectExactlyOneRow(rows, scanUser)
	return u, translate(err)
}

// User finds a user by name, whatever its case.
func (s *Store) User(ctx context.Context, username string) (model.User, error) {
	return s.one(ctx, "where username_key = @key", pgx.NamedArgs{"key": model.Key(clean(username, 1024))})
}

// UserByID finds a user by id.
func (s *Store) UserByID(ctx context.Context, id string) (model.User, error) {
	return s.one(ctx, "where id = @id::uuid", pgx.NamedArgs{"id": id})
}

// Users lists users, a page at a time.
func (s *Store) Users(ctx context.Context, q UserQuery) ([]model.User, string, error) {
	order, ok := userOrders[q.Sort]
	if !ok {
		order = userOrders["username"]
	}
	args := pgx.NamedArgs{"search": q.Search, "like": contains(model.Key(q.Search)), "active": q.Active, "source": q.Source,
		"group": model.Key(q.Group), "limit": q.limit() + 1}
	where := `where (@search = '' or u.username_key like @like or u.email_key like @like or lower(u.display_name) like @like)
		and (@active::boolean is null or u.active = @active)
		and (@source = '' or u.source = @source)
		and (@group = '' or exists (select from memberships m join groups g on g.id = m.group_id where m.user_id = u.id and g.name_key = @group))`
	cast := "text"
	if q.Sort == "-last_login" {
		cast = "timestamptz"
	}
	if at, ok := q.position(2); ok {
		where += " and (" + order.column + ", u.id::text) " + order.compare + " (@key::" + cast + ", @id)"
		args["key"], args["id"] = at[0], at[1]
	}
	rows, err := s.db.Query(ctx, "select "+userColumns+" from users u "+where+
		" order by "+order.column+" "+order.direction+", u.id::text "+order.direction+" limit @limit", args)
	if err != nil {
		return nil, "", err
	}
	users, err := pgx.CollectRows(rows, scanUser)
	if err != nil {
		return nil, "", err
	}
	users, next := cut(users, q.limit(), func(u model.User) []string { return []string{userSortKey(q.Sort, u), u.ID} })
	return users, next, nil
}

func userSortKey(sort string, u model.User) string {
	switch sort {
	case "email", "-email":
		return model.Key(u.Email)
	case "-last_login":
		if u.LastLoginAt.IsZero() {
			return "-infinity"
		}
		return u.LastLoginAt.UTC().Format(time.RFC3339Nano)
	default:
		return model.Key(u.Username)
	}
}

// CountUsers counts every user.
func (s *Store) CountUsers(ctx context.Context) (int, error) {
	var n int
	err := s.db.QueryRow(ctx, "select count(*) from users").Scan(&n)
	return n, err
}

// CreateUser adds a user, with memberships by hand in the groups named.
// ErrExists when the username is taken, ErrNotFound when a group is unknown.
func (s *Store) CreateUser(ctx context.Context, actor model.Actor, u model.User, groups []string) (model.User, error) {
	err := s.InTx(ctx, func(tx *Store) (err error) {
		if u, err = tx.insertUser(ctx, u); err != nil {
			return err
		}
		if err := tx.record(ctx, actor, "user.create", u.Username, nil, auditedUser(u), ""); err != nil {
			return err
		}
		for _, g := range groups {
			if err := tx.AddMember(ctx, actor, g, u.Username); err != nil {
				return err
			}
		}
		return nil
	})
	return u, err
}

func (s *Store) insertUser(ctx context.Context, u model.User) (model.User, error) {
	rows, err := s.db.Query(ctx, `
		insert into users as u (username, username_key, email, email_key, display_name, first_name, last_name, active, source)
		values (@username, @username_key, @email, @email_key, @display_name, @first_name, @last_name, @active, @source)
		returning `+userColumns, userArgs(u))
	if err != nil {
		return u, err
	}
	u, err = pgx.CollectExactlyOneRow(rows, scanUser)
	return u, translate(err)
}

func userArgs(u model.User) pgx.NamedArgs {
	if u.Source == "" {
		u.Source = model.UserManual
	}
	return pgx.NamedArgs{"id": u.ID,
		"username": model.Canonical(u.Username), "username_key": model.Key(u.Username),
		"email": model.Canonical(u.Email), "email_key": model.Key(u.Email),
		"display_name": clean(u.DisplayName, 1024), "first_name": clean(u.FirstName, 1024), "last_name": clean(u.LastName, 1024),
		"active": u.Active, "source": u.Source, "epoch": u.SessionEpoch}
}

// UpdateUser changes a user under a lock. Deactivating ends every session.
func (s *Store) UpdateUser(ctx context.Context, actor model.Actor, username string, change func(*model.User) error) (model.User, error) {
	var after model.User
	err := s.InTx(ctx, func(tx *Store) error {
		before, err := tx.one(ctx, "where username_key = @key for update", pgx.NamedArgs{"key": model.Key(username)})
		if err != nil {
			return err
		}
		after = before
		if err := change(&after); err != nil || after == before {
			return err
		}
		if before.Active && !after.Active {
			after.SessionEpoch = before.SessionEpoch + 1
		}
		if after, err = tx.writeUser(ctx, after); err != nil {
			return err
		}
		return tx.record(ctx, actor, "user.update", after.Username, auditedUser(before), auditedUser(after), "")
	})
	return after, err
}

func (s *Store) writeUser(ctx context.Context, u model.User) (model.User, error) {
	rows, err := s.db.Query(ctx, `
		update users u set username = @username, username_key = @username_key, email = @email, email_key = @email_key,
			display_name = @display_name, first_name = @first_name, last_name = @last_name, active = @active,
			source = @source, session_epoch = @epoch, updated_at = now()
		where id = @id::uuid returning `+userColumns, userArgs(u))
	if err != nil {
		return u, err
	}
	u, err = pgx.CollectExactlyOneRow(rows, scanUser)
	return u, translate(err)
}

// DeleteUser removes a user with memberships and identities. Logins stay.
func (s *Store) DeleteUser(ctx context.Context, actor model.Actor, username string) error {
	return s.InTx(ctx, func(tx *Store) error {
		u, err := tx.one(ctx, "where username_key = @key for update", pgx.NamedArgs{"key": model.Key(username)})
		if err != nil {
			return err
		}
		if _, err := tx.db.Exec(ctx, "delete from users where id = $1::uuid", u.ID); err != nil {
			return err
		}
		return tx.record(ctx, actor, "user.delete", u.Username, auditedUser(u), nil, "")
	})
}
