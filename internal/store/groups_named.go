package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/postern-sso/postern/internal/model"
)

// GroupNames finds the groups with these names, whatever their case: the name
// as it is stored by model.Key. Unknown names are left out.
func (s *Store) GroupNames(ctx context.Context, names []string) (map[string]string, error) {
	if len(names) == 0 {
		return map[string]string{}, nil
	}
	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = model.Key(name)
	}
	rows, err := s.db.Query(ctx, "select name_key, name from groups where name_key = any(@keys)", named{"keys": keys})
	if err != nil {
		return nil, err
	}
	found := make(map[string]string)
	var key, name string
	_, err = pgx.ForEachRow(rows, []any{&key, &name}, func() error {
		found[key] = name
		return nil
	})
	return found, err
}

// CountGroups counts every group.
func (s *Store) CountGroups(ctx context.Context) (int, error) {
	var n int
	err := s.db.QueryRow(ctx, "select count(*) from groups").Scan(&n)
	return n, err
}

// AnyUser tells whether there is a user at all.
func (s *Store) AnyUser(ctx context.Context) (bool, error) {
	var any bool
	err := s.db.QueryRow(ctx, "select exists (select from users)").Scan(&any)
	return any, err
}

func (s *Store) groupID(ctx context.Context, name string) (id int64, err error) {
	err = s.db.QueryRow(ctx, "select id from groups where name_key = @key", named{"key": model.Key(name)}).Scan(&id)
	return id, translate(err)
}
