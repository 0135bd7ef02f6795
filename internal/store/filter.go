package store

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
)

// filter is the where clause of a list. Only the conditions that were asked for
// are in it, so that PostgreSQL can choose the index that fits them.
type filter struct {
	conditions []string
	args       named
}

// where adds a condition that needs no argument.
func (f *filter) where(condition string) { f.conditions = append(f.conditions, condition) }

// with adds a condition on @name.
func (f *filter) with(condition, name string, value any) {
	f.where(condition)
	f.set(name, value)
}

func (f *filter) set(name string, value any) {
	if f.args == nil {
		f.args = named{}
	}
	f.args[name] = value
}

func (f *filter) String() string {
	if len(f.conditions) == 0 {
		return " "
	}
	return " where " + strings.Join(f.conditions, " and ") + " "
}

// filtered runs the query of a list. Its plan is made anew each time: what is
// the best index depends on what is searched for.
func filtered[T any](ctx context.Context, d db, scan pgx.RowToFunc[T], sql string, args named) ([]T, error) {
	return list(ctx, d, scan, sql, pgx.QueryExecModeExec, args)
}
