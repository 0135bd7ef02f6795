package kit

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5/middleware"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/postern-sso/postern/internal/spans"
)

// RequestID is the reference of a request in log and error pages.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(keyRequestID).(string)
	return id
}

// longestRequestID is how long a reference may be that somebody before us gave.
const longestRequestID = 128

// WithRequestID gives every request its reference, or takes over the one that it came
// with, and what its traceparent says: so that a proxy's log and ours tell of the same.
func WithRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-Id")
		if !usableID(id) {
			id = strings.ToLower(rand.Text()[:16])
		}
		w.Header().Set("X-Request-Id", id)
		ctx := context.WithValue(r.Context(), keyRequestID, id)
		if r.Header.Get("Traceparent") != "" {
			ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header))
			// What vendors added is not ours to keep: it may hold anything.
			ctx = trace.ContextWithRemoteSpanContext(ctx, trace.SpanContextFromContext(ctx).WithTraceState(trace.TraceState{}))
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// usableID tells whether a reference may stand in a log and on a page as it came.
func usableID(id string) bool {
	if id == "" || len(id) > longestRequestID {
		return false
	}
	return strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == ""
}

// methods are those that a span names; every other is one.
var methods = map[string]bool{http.MethodGet: true, http.MethodHead: true, http.MethodPost: true, http.MethodPut: true, http.MethodPatch: true,
	http.MethodDelete: true, http.MethodOptions: true, http.MethodConnect: true, http.MethodTrace: true}

// WithTrace makes a span of every request, where the program traces. It says which
// pattern the address fits, never the address: that may hold a name or a token.
func (k *Kit) WithTrace(next http.Handler) http.Handler {
	if k.Opts.Tracer == nil {
		return next
	}
	tracer := k.Opts.Tracer.Tracer(spans.Scope)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if quiet(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		method := r.Method
		if !methods[method] {
			method = "_OTHER"
		}
		ctx, span := tracer.Start(r.Context(), method, trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		r = r.WithContext(ctx)
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		next.ServeHTTP(ww, r)
		route, status := RouteOf(r), answered(r, ww.Status())
		span.SetName(method + " " + route)
		span.SetAttributes(attribute.String("http.request.method", method), attribute.String("http.route", route),
			attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			spans.Fail(span, http.StatusText(status))
		}
	})
}

// quiet tells whether requests to an address come so often, and tell so little, that
// they are neither traced nor logged at info.
func quiet(path string) bool {
	return path == "/healthz" || path == "/readyz" || strings.HasPrefix(path, "/static/")
}

// logInContext adds to every line which request it belongs to, and which trace.
type logInContext struct{ slog.Handler }

// Handle implements slog.Handler.
func (h logInContext) Handle(ctx context.Context, r slog.Record) error {
	if id := RequestID(ctx); id != "" {
		r.AddAttrs(slog.String("reference", id))
	}
	if of := trace.SpanContextFromContext(ctx); of.HasTraceID() {
		r.AddAttrs(slog.String("trace", of.TraceID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h logInContext) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logInContext{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h logInContext) WithGroup(name string) slog.Handler {
	return logInContext{h.Handler.WithGroup(name)}
}
