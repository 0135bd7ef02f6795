package kit

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/postern-sso/postern/internal/model"
)

// Metrics counts what the process does, for Prometheus.
type Metrics struct {
	registry *prometheus.Registry
	logins   *prometheus.CounterVec
	health   atomic.Pointer[healthSource]
	sources  atomic.Pointer[func(context.Context) ([]model.Source, error)]
}

// HealthFigure is how one thing does: 1 it works, 0.5 somebody should look, 0 it
// does not work, -1 there is nothing to judge.
type HealthFigure struct {
	Kind, Name string
	Value      float64
}

type healthSource func(context.Context) ([]HealthFigure, error)

// healthPatience is for how long the figures of health may take.
const healthPatience = 5 * time.Second

// NewMetrics makes the counters. They live as long as the process.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		logins: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "postern_logins_total",
			Help: "Attempts that ended at the assertion consumer service, by outcome and reason.",
		}, []string{"outcome", "code"}),
	}
	m.registry.MustRegister(m, m.logins, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the figures.
func (m *Metrics) Handler() http.Handler {
	// Without a database the other figures are there all the same.
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

// CountLogin counts a login that has ended. Without metrics it does nothing.
func (m *Metrics) CountLogin(l model.Login) {
	if m == nil {
		return
	}
	code := ""
	if l.Refusal != nil {
		code = string(l.Refusal.Code)
	}
	m.logins.WithLabelValues(string(l.Outcome), code).Inc()
}

// WatchHealth says where the figures of health come from. Without metrics it does
// nothing.
func (m *Metrics) WatchHealth(source func(context.Context) ([]HealthFigure, error)) {
	if m != nil {
		m.health.Store((*healthSource)(&source))
	}
}

var healthFigure = prometheus.NewDesc("postern_health",
	"How a connection or an app does: 1 it works, 0.5 somebody should look, 0 it does not work, -1 there is nothing to judge.", []string{"kind", "name"}, nil)

var sourceFigure = prometheus.NewDesc("postern_source_last_success_timestamp_seconds",
	"When a source was last read to the end, in seconds since 1970; 0: never.", []string{"source"}, nil)

// WatchSources says where the figures of sources come from. Without metrics it does
// nothing.
func (m *Metrics) WatchSources(sources func(context.Context) ([]model.Source, error)) {
	if m != nil {
		m.sources.Store(&sources)
	}
}

// collectSources tells when each source that is read was last read to the end.
func (m *Metrics) collectSources(ctx context.Context, to chan<- prometheus.Metric) {
	read := m.sources.Load()
	if read == nil {
		return
	}
	sources, err := (*read)(ctx)
	if err != nil {
		to <- prometheus.NewInvalidMetric(sourceFigure, err)
		return
	}
	for _, s := range sources {
		if !s.Kind.Reads() {
			continue
		}
		at := 0.0
		if !s.LastGoodAt.IsZero() {
			at = float64(s.LastGoodAt.Unix())
		}
		to <- prometheus.MustNewConstMetric(sourceFigure, prometheus.GaugeValue, at, s.Slug)
	}
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(to chan<- *prometheus.Desc) {
	to <- healthFigure
	to <- sourceFigure
}

// Collect implements prometheus.Collector: it asks how everything does.
func (m *Metrics) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), healthPatience)
	defer cancel()
	m.collectSources(ctx, to)
	source := m.health.Load()
	if source == nil {
		return
	}
	figures, err := (*source)(ctx)
	if err != nil {
		to <- prometheus.NewInvalidMetric(healthFigure, err)
		return
	}
	for _, f := range figures {
		to <- prometheus.MustNewConstMetric(healthFigure, prometheus.GaugeValue, f.Value, f.Kind, f.Name)
	}
}
