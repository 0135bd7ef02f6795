package store

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// fullFor is how long a statement that found no room counts. While nobody asks, nothing
// else finds out; after that, who asks finds out again.
const fullFor = 15 * time.Second

// fullDisk remembers when a statement found no room on the database's disk last. An
// update of one row, as the heartbeat is, may find some when a login does not.
type fullDisk struct{ at atomic.Int64 } // in nanoseconds; 0: never

func (*fullDisk) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

func (f *fullDisk) TraceQueryEnd(_ context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	f.note(data.Err)
}

func (*fullDisk) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}

func (f *fullDisk) TraceBatchQuery(_ context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	f.note(data.Err)
}

func (f *fullDisk) TraceBatchEnd(_ context.Context, _ *pgx.Conn, data pgx.TraceBatchEndData) {
	f.note(data.Err)
}

func (f *fullDisk) note(err error) {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "53100" { // disk_full
		f.at.Store(time.Now().UnixNano())
	}
}

// lately tells whether that was a moment ago. Of a transaction's store nothing is known.
func (f *fullDisk) lately() bool {
	return f != nil && time.Since(time.Unix(0, f.at.Load())) < fullFor
}
