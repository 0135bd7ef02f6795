package store

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// DirectoryQuery chooses users or groups as one app sees them, in the order of
// their names.
type DirectoryQuery struct {
	App         model.App
	Restriction Restriction
	Start       int    // how many to leave out
	Limit       int    // at most so many; negative: all
	after       string // instead of Start: the key of the name after which to go on
}

// directoryBatch is how many rows are read at a time: a client that reads
// slowly holds up no statement, and memory stays flat.
const directoryBatch = 2000

// DirectoryUsers gives each user to emit, a batch at a time. An error of emit
// ends it and is returned.
func (s *Store) DirectoryUsers(ctx context.Context, q DirectoryQuery, emit func(model.User) error) error {
	return batches(q, func(q DirectoryQuery) ([]model.User, error) {
		f := new(filter)
		if err := f.restrict(q.Restriction, userProperties); err != nil {
			return nil, err
		}
		q.window(f, "u.username_key")
		// The places are counted in the index alone.
		return filtered(ctx, s.db, scanUser, "select "+userColumns+" from users u join (select u.id from users u"+f.String()+
			"order by u.username_key offset @start limit @limit) page on page.id = u.id order by u.username_key", f.args)
	}, func(u model.User) string { return model.Key(u.Username) }, emit)
}

// DirectoryMembers gives each user in a group to emit; ErrNotFound when the app
// sees no such group.
func (s *Store) DirectoryMembers(ctx context.Context, group string, q DirectoryQuery, emit func(model.User) error) error {
	g, err := s.DirectoryGroup(ctx, q.App, group)
	if err != nil {
		return err
	}
	return batches(q, func(q DirectoryQuery) ([]model.User, error) {
		f := new(filter)
		f.with("exists (select from memberships m where m.group_id = @group and m.user_id = u.id)", "group", g.ID)
		q.window(f, "u.username_key")
		return filtered(ctx, s.db, scanUser, "select "+userColumns+" from users u"+f.String()+
			"order by u.username_key offset @start limit @limit", f.args)
	}, func(u model.User) string { return model.Key(u.Username) }, emit)
}

// DirectoryGroups gives each group that the app sees to emit. Members are not
// counted.
func (s *Store) DirectoryGroups(ctx context.Context, q DirectoryQuery, emit func(model.Group) error) error {
	return s.directoryGroups(ctx, q, func(*filter) {}, emit)
}

// DirectoryGroupsOf gives each group that a user is in and the app sees to
// emit; ErrNotFound when there is no such user.
func (s *Store) DirectoryGroupsOf(ctx context.Context, username string, q DirectoryQuery, emit func(model.Group) error) error {
	u, err := s.User(ctx, username)
	if err != nil {
		return err
	}
	return s.directoryGroups(ctx, q, func(f *filter) {
		f.with("exists (select from memberships m where m.group_id = g.id and m.user_id = @user::uuid)", "user", u.ID)
	}, emit)
}

func (s *Store) directoryGroups(ctx context.Context, q DirectoryQuery, also func(*filter), emit func(model.Group) error) error {
	return batches(q, func(q DirectoryQuery) ([]model.Group, error) {
		f := new(filter)
		if err := f.restrict(q.Restriction, groupProperties); err != nil {
			return nil, err
		}
		also(f)
		f.visible(q.App)
		q.window(f, "g.name_key")
		return filtered(ctx, s.db, scanDirectoryGroup, "select "+directoryGroupColumns+" from groups g"+f.String()+
			"order by g.name_key offset @start limit @limit", f.args)
	}, func(g model.Group) string { return model.Key(g.Name) }, emit)
}

const directoryGroupColumns = "g.id, g.name, g.description, g.created_at, g.updated_at"

func scanDirectoryGroup(row pgx.CollectableRow) (g model.Group, err error) {
	err = row.Scan(&g.ID, &g.Name, &g.Description, &g.CreatedAt, &g.UpdatedAt)
	return g, err
}

// visible leaves the groups that an app may see.
func (f *filter) visible(a model.App) {
	if !a.AllGroups {
		f.with("exists (select from app_groups ag where ag.app = @app and ag.group_id = g.id)", "app", a.Slug)
	}
}

// window is where a batch begins and how long it is.
func (q DirectoryQuery) window(f *filter, column string) {
	start := q.Start
	if q.after != "" {
		f.with(column+" > @after", "after", q.after)
		start = 0
	}
	f.set("start", start)
	f.set("limit", q.Limit)
}

// batches reads until there is nothing more or the limit is reached. Every
// batch after the first goes on behind the last name, so that nobody is left
// out when others come and go meanwhile.
func batches[T any](q DirectoryQuery, read func(DirectoryQuery) ([]T, error), key func(T) string, emit func(T) error) error {
	left := q.Limit
	for left != 0 {
		q.Limit = directoryBatch
		if left > 0 {
			q.Limit = min(left, directoryBatch)
		}
		rows, err := read(q)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := emit(row); err != nil {
				return err
			}
		}
		if len(rows) < q.Limit {
			return nil
		}
		q.after = key(rows[len(rows)-1])
		if left > 0 {
			left -= len(rows)
		}
	}
	return nil
}

// DirectoryGroup finds a group by name, whatever its case; ErrNotFound when the
// app sees none.
func (s *Store) DirectoryGroup(ctx context.Context, a model.App, name string) (model.Group, error) {
	f := new(filter)
	f.with("g.name_key = @key", "key", model.Key(name))
	f.visible(a)
	return single(ctx, s.db, scanDirectoryGroup, "select "+directoryGroupColumns+" from groups g"+f.String(), f.args)
}

// IsMember tells whether a user is in a group, for whatever reason.
func (s *Store) IsMember(ctx context.Context, userID string, groupID int64) (bool, error) {
	var is bool
	err := s.db.QueryRow(ctx, "select exists (select from memberships where user_id = @user::uuid and group_id = @group)",
		named{"user": userID, "group": groupID}).Scan(&is)
	return is, translate(err)
}

// Limits of the one long read: who is in which group.
const (
	membershipBatch = 5000
	membershipTime  = 30 * time.Minute
)

// DirectoryMemberships gives every group that the app sees to group, in the
// order of their names, and after each its members to member. All is as it was
// at one moment. Memory does not grow with the directory: the rows come through
// a cursor.
func (s *Store) DirectoryMemberships(ctx context.Context, a model.App, group func(name string) error, member func(username string) error) error {
	ctx, cancel := context.WithTimeout(ctx, membershipTime)
	defer cancel()
	f := new(filter)
	f.visible(a)
	return s.InTx(ctx, func(tx *Store) error {
		// All of it is read, so the plan that ends first is best, not the one that begins first.
		if _, err := tx.db.Exec(ctx, "set local cursor_tuple_fraction = 1"); err != nil {
			return err
		}
		_, err := tx.db.Exec(ctx, `declare directory no scroll cursor for
			select g.id, g.name, u.username from groups g
			left join memberships m on m.group_id = g.id left join users u on u.id = m.user_id`+f.String()+
			"order by g.name_key, m.user_id", pgx.QueryExecModeExec, f.args)
		if err != nil {
			return err
		}
		w := membershipWalk{group: group, member: member}
		for {
			n, err := w.fetch(ctx, tx)
			if err != nil {
				return err
			}
			if n < membershipBatch {
				_, err := tx.db.Exec(ctx, "close directory")
				return err
			}
		}
	})
}

// membershipWalk remembers where in the rows it is: a person who is in a group
// for two reasons has two rows.
type membershipWalk struct {
	group, member func(string) error
	lastGroup     int64
	lastUser      string
}

func (w *membershipWalk) fetch(ctx context.Context, tx *Store) (int, error) {
	rows, err := tx.db.Query(ctx, fmt.Sprintf("fetch %d from directory", membershipBatch), pgx.QueryExecModeExec)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var groupID int64
		var groupName string
		var username *string
		if err := rows.Scan(&groupID, &groupName, &username); err != nil {
			return n, err
		}
		if groupID != w.lastGroup {
			w.lastGroup, w.lastUser = groupID, ""
			if err := w.group(groupName); err != nil {
				return n, err
			}
		}
		if username == nil || *username == w.lastUser {
			continue
		}
		w.lastUser = *username
		if err := w.member(*username); err != nil {
			return n, err
		}
	}
	return n, rows.Err()
}

// idPattern is how the ids of users look; PostgreSQL takes other forms, too.
var idPattern = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// DirectoryUser finds a user by name, or by the key that apps know them by,
// which is the id.
func (s *Store) DirectoryUser(ctx context.Context, username, key string) (model.User, error) {
	if username != "" {
		return s.User(ctx, username)
	}
	if !idPattern.MatchString(key) {
		return model.User{}, ErrNotFound
	}
	return s.UserByID(ctx, key)
}
