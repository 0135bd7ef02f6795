package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// UserQuery chooses users.
type UserQuery struct {
	Search string // in username, email and display name, compared by model.Key
	Active *bool
	Source model.UserSource
	Group  string
	Sort   string // "username" (default), "email" or "last_login"; "-" before it turns it around
	Page
}

// userOrder is a column to sort by. Users with the same value follow each
// other by username, so that every user has one place.
type userOrder struct {
	column string
	cast   string // type of the value in a cursor
	key    func(model.User) string
}

var userOrders = map[string]userOrder{
	"username": {"u.username_key", "text", func(u model.User) string { return model.Key(u.Username) }},
	"email":    {"u.email_key", "text", func(u model.User) string { return model.Key(u.Email) }},
	"last_login": {"coalesce(u.last_login_at, '-infinity')", "timestamptz", func(u model.User) string {
		if u.LastLoginAt.IsZero() {
			return neverSeen
		}
		return u.LastLoginAt.UTC().Format(time.RFC3339Nano)
	}},
}

// neverSeen sorts before every time.
const neverSeen = "-infinity"

// Users lists users, a page at a time.
func (s *Store) Users(ctx context.Context, q UserQuery) ([]model.User, string, error) {
	order, ok := userOrders[strings.TrimPrefix(q.Sort, "-")]
	if !ok {
		q.Sort, order = "", userOrders["username"]
	}
	direction, compare := "asc", ">"
	if strings.HasPrefix(q.Sort, "-") {
		direction, compare = "desc", "<"
	}
	f := q.filter()
	if q.Group != "" {
		// By number, which PostgreSQL knows the size of: a name it would have to guess.
		id, err := s.groupID(ctx, q.Group)
		if errors.Is(err, ErrNotFound) {
			return nil, "", nil
		}
		if err != nil {
			return nil, "", err
		}
		f.with("exists (select from memberships m where m.group_id = @group and m.user_id = u.id)", "group", id)
	}
	f.set("limit", q.limit()+1)
	if at, ok := q.position(2); ok && order.understands(at[0]) {
		f.with("("+order.column+", u.username_key) "+compare+" (@value::"+order.cast+", @key)", "value", at[0])
		f.set("key", at[1])
	}
	users, err := filtered(ctx, s.db, scanUser, "select "+userColumns+" from users u"+f.String()+
		"order by "+order.column+" "+direction+", u.username_key "+direction+" limit @limit", f.args)
	if err != nil {
		return nil, "", err
	}
	users, next := cut(users, q.limit(), func(u model.User) []string { return []string{order.key(u), model.Key(u.Username)} })
	return users, next, nil
}

// filter is which users, whatever their order and their group.
func (q UserQuery) filter() *filter {
	f := new(filter)
	if key := model.Key(q.Search); key != "" {
		f.searchText("u.search_key", key)
	}
	if q.Active != nil && *q.Active {
		f.where("u.active")
	} else if q.Active != nil {
		f.where("not u.active")
	}
	if q.Source != "" {
		f.with("u.source = @source", "source", string(q.Source))
	}
	return f
}

// understands tells whether a value from a cursor is of the column's type; a
// cursor may come from a list in another order, or from anybody.
func (o userOrder) understands(value string) bool {
	if o.cast != "timestamptz" || value == neverSeen {
		return true
	}
	_, ok := cursorTime(value)
	return ok
}
