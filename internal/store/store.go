// Package store keeps everything in PostgreSQL: one file per table, SQL in the
// method that runs it. No interface is defined: PostgreSQL's own features are
// used throughout, and there are no plans for another database.
package store

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/postern-sso/postern/internal/model"
)

// db is what a pool and a transaction have in common. A Store on a transaction
// makes its own transactions savepoints of it.
type db interface {
	Begin(ctx context.Context) (pgx.Tx, error)
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// list runs a query and scans its rows.
func list[T any](ctx context.Context, d db, scan pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	rows, err := d.Query(ctx, sql, args...)
	if err != nil {
		return nil, translate(err)
	}
	all, err := pgx.CollectRows(rows, scan)
	return all, translate(err)
}

// single runs a query that has one row; ErrNotFound when it has none.
func single[T any](ctx context.Context, d db, scan pgx.RowToFunc[T], sql string, args ...any) (T, error) {
	rows, err := d.Query(ctx, sql, args...)
	if err != nil {
		var none T
		return none, translate(err)
	}
	one, err := pgx.CollectExactlyOneRow(rows, scan)
	return one, translate(err)
}

// Store is the database. It is safe for concurrent use when it sits on a pool.
type Store struct {
	db     db
	pool   *pgxpool.Pool // nil on a transaction
	pooler bool          // a pooler such as PgBouncer is between
	full   *fullDisk     // nil on a transaction
	act    *act          // nil on a pool
}

// act is what one transaction does, as the audit tells it.
type act struct {
	first   int64              // the entry that begins it; zero: nothing is written yet
	written []model.AuditEntry // so far
}

// NewOnTx is a Store on a transaction, for tests: everything it does is undone
// when the transaction rolls back.
func NewOnTx(tx pgx.Tx) *Store { return &Store{db: tx} }

// Close ends every connection.
func (s *Store) Close() {
	if s.pool != nil {
		s.pool.Close()
	}
}

// Pool is the connection pool; nil on a transaction.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// Ping asks whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.db.QueryRow(ctx, "select 1").Scan(&one)
}

// InTx runs f on a Store that is one transaction: committed when f returns
// nil, else rolled back. Inside another transaction it is a savepoint. All that
// it writes to the audit is one act.
func (s *Store) InTx(ctx context.Context, f func(*Store) error) error {
	tx, err := s.db.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // does nothing after a commit
	inner := &Store{db: tx, act: &act{}}
	if s.act != nil {
		inner.act.first = s.act.first
	}
	if err := f(inner); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return err
	}
	if s.act != nil {
		s.act.first = inner.act.first
	}
	s.keepNotes(ctx, inner.act.written)
	return nil
}
