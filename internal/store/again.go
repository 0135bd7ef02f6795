package store

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// maxAttempts bounds how often a transaction is tried when others are faster with
// the same.
const maxAttempts = 5

// InTxAgain is InTx for what others may be faster with: it tries again then. f runs
// once for each attempt.
func (s *Store) InTxAgain(ctx context.Context, f func(*Store) error) error {
	for attempt := 1; ; attempt++ {
		err := s.InTx(ctx, f)
		if err == nil || attempt == maxAttempts || !worthRetrying(err) {
			return err
		}
	}
}

// plannedAnew is a transaction whose statements are planned each time. A plan that is
// kept is of the tables as they were: one of many transactions that fill an empty table
// would read the whole of it again and again.
type plannedAnew struct{ db }

func (p plannedAnew) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return p.db.Exec(ctx, sql, anew(args)...)
}

func (p plannedAnew) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return p.db.Query(ctx, sql, anew(args)...)
}

func (p plannedAnew) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return p.db.QueryRow(ctx, sql, anew(args)...)
}

// anew asks for a statement of no name, which is planned for its own values.
func anew(args []any) []any { return append([]any{pgx.QueryExecModeCacheDescribe}, args...) }
