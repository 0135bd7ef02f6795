// Package spans says what of a login is traced, with OpenTelemetry. What is traced
// hangs on the context: where nothing is traced, a span costs a look at it. No span
// holds anything of a person: names and attributes are ours, or what an administrator
// called a connection or an app.
package spans

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Parts of a login. They are names of spans, and labels of a metric.
const (
	Start    = "start"     // sending somebody to AWS
	Whole    = "whole"     // from AWS's answer to ours
	Verify   = "verify"    // the message is verified, and judged
	Store    = "store"     // the transaction that carries the login out
	Decide   = "decide"    // what it does to user and groups; within Store
	Session  = "session"   // the session of the person
	HandOver = "hand_over" // what an app is given for it
)

// names are the names of spans of the parts.
var names = map[string]string{
	Start: "login.start", Whole: "login.acs", Verify: "login.verify", Store: "login.store", Decide: "login.decide", Session: "login.session",
	HandOver: "login.hand-over",
}

// Scope is whose spans they are.
const Scope = "github.com/postern-sso/postern"

// Begin begins a span for a part of a login, below what the context is traced as.
// Where that is nothing, the span is none. It is to be ended.
func Begin(ctx context.Context, part string) (context.Context, trace.Span) {
	return Child(ctx, names[part])
}

// Child begins a span of any name, as Begin does.
func Child(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, noop.Span{}
	}
	return parent.TracerProvider().Tracer(Scope).Start(ctx, name, options...)
}

// Login notes on the span of the context which login it belongs to: the reference of
// its trace on the page, which says nothing of anybody.
func Login(ctx context.Context, reference string) {
	note(ctx, attribute.String("postern.login", reference))
}

// Connection notes the short name of a connection that is there.
func Connection(ctx context.Context, slug string) {
	note(ctx, attribute.String("postern.connection", slug))
}

// Ended notes how a login ended.
func Ended(ctx context.Context, outcome, code string) {
	note(ctx, attribute.String("postern.outcome", outcome), attribute.String("postern.code", code))
}

// App notes to which app something is handed over; empty: it is not known.
func App(ctx context.Context, slug string) {
	if slug != "" {
		note(ctx, attribute.String("postern.app", slug))
	}
}

func note(ctx context.Context, attributes ...attribute.KeyValue) {
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		span.SetAttributes(attributes...)
	}
}

// Fail marks a span as failed. The error's own words stay out: they may name somebody.
func Fail(span trace.Span, what string) { span.SetStatus(codes.Error, what) }
