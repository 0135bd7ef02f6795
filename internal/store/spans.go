package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/postern-sso/postern/internal/spans"
)

// queries makes a span of each query, of each batch, and of each long wait
// for a connection. It implements pgx.QueryTracer, pgx.BatchTracer and pgxpool.AcquireTracer.
type queries struct{}

var (
	databaseSystem = trace.WithAttributes(attribute.String("db.system.name", "postgresql"))
	isClient       = trace.WithSpanKind(trace.SpanKindClient)
)

// TraceQueryStart implements pgx.QueryTracer.
func (queries) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	return beginQuery(ctx, func() string { return summary(q.SQL) })
}

// TraceQueryEnd implements pgx.QueryTracer.
func (queries) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryEndData) {
	endQuery(ctx, q.Err)
}

// TraceBatchStart implements pgx.BatchTracer.
func (queries) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return beginQuery(ctx, func() string { return "batch" })
}

// TraceBatchQuery implements pgx.BatchTracer.
func (queries) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd implements pgx.BatchTracer.
func (queries) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, b pgx.TraceBatchEndData) {
	endQuery(ctx, b.Err)
}

// TraceAcquireStart implements pgxpool.AcquireTracer.
func (queries) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return ctx
	}
	return context.WithValue(ctx, waitedFrom{}, time.Now())
}

// TraceAcquireEnd implements pgxpool.AcquireTracer. Nearly always a connection is free.
func (queries) TraceAcquireEnd(ctx context.Context, _ *pgxpool.Pool, a pgxpool.TraceAcquireEndData) {
	began, ok := ctx.Value(waitedFrom{}).(time.Time)
	if !ok || a.Err == nil && time.Since(began) < worthTelling {
		return
	}
	_, span := spans.Child(ctx, "db wait for a connection", databaseSystem, isClient, trace.WithTimestamp(began))
	if a.Err != nil {
		spans.Fail(span, "no connection")
	}
	span.End()
}

// waitedFrom is where in its context the beginning of a wait is.
type waitedFrom struct{}

// worthTelling is how long a wait for a connection has a span of its own.
const worthTelling = time.Millisecond

// querySpan is where the span of a query is in its context: that of the context
// itself is another one where the query has none.
type querySpan struct{}

func beginQuery(ctx context.Context, what func() string) context.Context {
	if !trace.SpanFromContext(ctx).IsRecording() {
		return ctx
	}
	ctx, span := spans.Child(ctx, "db "+what(), databaseSystem, isClient)
	return context.WithValue(ctx, querySpan{}, span)
}

func endQuery(ctx context.Context, err error) {
	span, ok := ctx.Value(querySpan{}).(trace.Span)
	if !ok {
		return
	}
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused): // its message may hold what was written
		span.SetAttributes(attribute.String("db.response.status_code", refused.Code))
		spans.Fail(span, "the database refused it")
	case err != nil && !errors.Is(err, pgx.ErrNoRows):
		spans.Fail(span, "the database did not answer")
	}
	span.End()
}

// summary is what a query does, and to which table first: no value ever stands in our
// SQL, and still its text stays here.
func summary(sql string) string {
	verb, named := "", false
	for word := range strings.FieldsSeq(sql) {
		switch word = strings.ToLower(word); {
		case named:
			if name := word[:len(word)-len(strings.TrimLeft(word, letters))]; name != "" {
				return verb + " " + name
			}
			named = false
		case verb == "":
			verb = word
			named = word == "update"
		default:
			before := strings.TrimLeft(word, "(")
			named = before == "from" || before == "into" || before == "update"
		}
	}
	if verb == "" {
		return "query"
	}
	return verb
}

// letters are those of the names of our tables.
const letters = "abcdefghijklmnopqrstuvwxyz_"
