package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// together are statements that go to the database in one round trip, one after the
// other: each sees what those before it did, and all are one transaction.
type together struct{ batch pgx.Batch }

// adding queues a statement whose rows go into all.
func adding[T any](t *together, all *[]T, scan pgx.RowToFunc[T], sql string, args named) {
	t.batch.Queue(sql, args).Query(func(rows pgx.Rows) (err error) {
		*all, err = pgx.CollectRows(rows, scan)
		return err
	})
}

// exec queues a statement that has no rows.
func (t *together) exec(sql string, args named) { t.batch.Queue(sql, args) }

// send runs them.
func (t *together) send(ctx context.Context, d db) error {
	return translate(d.SendBatch(ctx, &t.batch).Close())
}
