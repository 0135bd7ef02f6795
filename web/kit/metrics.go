package kit

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/postern-sso/postern/internal/model"
)

// Metrics counts what the process does, for Prometheus.
type Metrics struct {
	registry *prometheus.Registry
	logins   *prometheus.CounterVec
}

// NewMetrics makes the counters. They live as long as the process.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		logins: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "postern_logins_total",
			Help: "Attempts that ended at the assertion consumer service, by outcome and reason.",
		}, []string{"outcome", "code"}),
	}
	m.registry.MustRegister(m.logins, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the figures.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
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
