package kit

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/spans"
)

// Metrics counts what the process does, for Prometheus. No label holds anything that
// a stranger or a person brought: the number of series is bounded by what an
// administrator set up.
type Metrics struct {
	figures

	registry *prometheus.Registry
	logins   *prometheus.CounterVec
	parts    *prometheus.HistogramVec
	requests *prometheus.CounterVec
}

// LoginParts are the parts of a login that are measured. The whole is what happens
// here after AWS's answer has come; decide is within store.
var LoginParts = []string{spans.Start, spans.Verify, spans.Decide, spans.Store, spans.Session, spans.HandOver, spans.Whole}

// NewMetrics makes the counters of a program of that version. They live as long as
// the process.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		logins: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "postern_logins_total",
			Help: "Attempts that ended at the assertion consumer service, by outcome and code of the refusal. Tests of the setup are not counted.",
		}, []string{"outcome", "code"}),
		parts: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "postern_login_duration_seconds",
			Help: "How long a part of a login took, successful or not. whole: from AWS's answer to ours; start: sending somebody to AWS; " +
				"hand_over: what an app is given for it.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"part"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "postern_http_requests_total",
			Help: "Requests, by the pattern of the address that they fit (none: none) and the status of the answer (499: the client went away before).",
		}, []string{"route", "status"}),
	}
	build := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "postern_build_info", Help: "1, with the version of the program.", ConstLabels: prometheus.Labels{"version": version},
	}, func() float64 { return 1 })
	m.registry.MustRegister(&m.figures, m.logins, m.parts, m.requests, build, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	// A rate of what happens for the first time is seen only where there was a zero before.
	m.logins.WithLabelValues(string(model.OutcomeSignedIn), "")
	for _, code := range model.Codes {
		if code != model.CodeNoAnswer { // nothing ends there
			m.logins.WithLabelValues(string(model.OutcomeRefused), string(code))
		}
	}
	for _, part := range LoginParts {
		m.parts.WithLabelValues(part)
	}
	return m
}

// Handler serves the figures.
func (m *Metrics) Handler() http.Handler {
	// Without a database the other figures are there all the same.
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

// CountLogin counts a login that has ended. Without metrics it does nothing.
func (m *Metrics) CountLogin(l model.Login) {
	if m == nil || l.Test {
		return
	}
	code := ""
	if l.Refusal != nil {
		code = string(l.Refusal.Code)
	}
	m.logins.WithLabelValues(string(l.Outcome), code).Inc()
}

// Part begins a part of a login: a span where it is traced, and a measurement where
// there are metrics. The function ends it.
func (m *Metrics) Part(ctx context.Context, part string) (context.Context, func()) {
	ctx, span := spans.Begin(ctx, part)
	if m == nil {
		return ctx, func() { span.End() }
	}
	began := time.Now()
	return ctx, func() {
		m.parts.WithLabelValues(part).Observe(time.Since(began).Seconds())
		span.End()
	}
}

// WithCount counts every request.
func (k *Kit) WithCount(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m := k.Opts.Metrics
		if m == nil {
			next.ServeHTTP(w, r)
			return
		}
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		next.ServeHTTP(ww, r)
		m.requests.WithLabelValues(RouteOf(r), strconv.Itoa(answered(r, ww.Status()))).Inc()
	})
}

// goneAway is the status of an answer that nobody waited for: nothing was sent.
const goneAway = 499

// answered is the status of an answer, where a handler said none.
func answered(r *http.Request, status int) int {
	switch {
	case status != 0:
		return status
	case r.Context().Err() != nil:
		return goneAway
	default:
		return http.StatusOK
	}
}

// noRoute stands for the address of a request that fits none of ours.
const noRoute = "none"

// RouteOf is the pattern of the address that a request was answered at. It is one of
// a fixed list, whatever was asked for.
func RouteOf(r *http.Request) string {
	if route := chi.RouteContext(r.Context()); route != nil {
		if pattern := route.RoutePattern(); pattern != "" && pattern != "/*" {
			return pattern
		}
	}
	return noRoute
}
