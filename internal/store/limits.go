package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// limits puts an end to every call to the database on this side: a server that hangs,
// or a network that swallows everything, answers nothing and breaks no connection. pgx
// does each call under the context that its tracers return, so no caller can forget one.
type limits struct {
	free time.Duration // until a connection of the pool is free, and answers
	call time.Duration // a statement, to its last row; a batch; a copy
}

// Limits of what runs beside each other on a pool. The server's own limit comes first:
// it says which statement it was.
var poolLimits = limits{free: 10 * time.Second, call: statementTimeout + 2*time.Second} //nolint:gochecknoglobals // a constant

type limitKey struct{}

func within(ctx context.Context, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(ctx, d)
	return context.WithValue(ctx, limitKey{}, cancel)
}

// over frees the timer of the innermost limit.
func over(ctx context.Context) {
	if cancel, ok := ctx.Value(limitKey{}).(context.CancelFunc); ok {
		cancel()
	}
}

func (l limits) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return within(ctx, l.call)
}
func (l limits) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) { over(ctx) }

func (l limits) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return within(ctx, l.call)
}
func (l limits) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData)     {}
func (l limits) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchEndData) { over(ctx) }

func (l limits) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceCopyFromStartData) context.Context {
	return within(ctx, l.call)
}

func (l limits) TraceCopyFromEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceCopyFromEndData) {
	over(ctx)
}

func (l limits) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	return within(ctx, l.free)
}

func (l limits) TraceAcquireEnd(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireEndData) {
	over(ctx)
}
