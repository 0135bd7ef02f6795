package kit

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/postern-sso/postern/internal/store"
)

// Figure is one that is read when somebody asks for it.
type Figure struct {
	Of     *FigureKind
	Value  float64
	Labels []string
}

// FigureKind is what a figure is of.
type FigureKind struct{ desc *prometheus.Desc }

func newFigure(name, help string, labels ...string) *FigureKind {
	return &FigureKind{desc: prometheus.NewDesc(name, help, labels, nil)}
}

// Figures that are read from the database.
var (
	FigureHealth = newFigure("postern_health",
		"How a connection, an app or a source does: 1 it works, 0.5 somebody should look, 0 it does not work, -1 there is nothing to judge.", "kind", "name")
	FigureCertificate = newFigure("postern_certificate_expiry_seconds",
		"In how many seconds the last of the certificates ends that a connection trusts; below zero: since when all have ended.", "connection")
	FigureSourceGood = newFigure("postern_source_last_success_timestamp_seconds",
		"When a source was last read to the end, in seconds since 1970; 0: never.", "source")
	FigureSourceFailures = newFigure("postern_source_failures", "How often in a row a source could not be read to the end.", "source")
	FigureHolds          = newFigure("postern_source_holds", "Runs of a source whose plan waits for a person.", "source")
	FigureWarnings       = newFigure("postern_warnings_queue", "Warnings that are not delivered yet, by the way that they go.", "channel")
)

var stored = []*FigureKind{FigureHealth, FigureCertificate, FigureSourceGood, FigureSourceFailures, FigureHolds, FigureWarnings}

// Figures that the process knows itself.
var (
	figureReady  = newFigure("postern_ready", "1 when a login could work on this process, as /readyz says; else 0.")
	figureBackup = newFigure("postern_backup_last_success_timestamp_seconds",
		"When the newest backup was made that is in the folder of the process, in seconds since 1970; 0: there is none.")

	poolMax       = newFigure("postern_db_pool_max_connections", "Connections to the database that the pool may have.")
	poolOpen      = newFigure("postern_db_pool_open_connections", "Connections to the database that are open or being opened.")
	poolInUse     = newFigure("postern_db_pool_in_use_connections", "Connections to the database that are in use.")
	poolIdle      = newFigure("postern_db_pool_idle_connections", "Connections to the database that are open and not in use.")
	poolTaken     = newFigure("postern_db_pool_acquires_total", "How often a connection was taken from the pool.")
	poolWaited    = newFigure("postern_db_pool_waits_total", "How often one had to wait for a connection of the pool.")
	poolWaitedFor = newFigure("postern_db_pool_wait_seconds_total", "How long all waited for a connection of the pool.")
	poolGivenUp   = newFigure("postern_db_pool_canceled_acquires_total", "How often a wait for a connection of the pool was given up.")
)

var gauges = []*FigureKind{figureReady, figureBackup, poolMax, poolOpen, poolInUse, poolIdle}
var counters = []*FigureKind{poolTaken, poolWaited, poolWaitedFor, poolGivenUp}

// figuresTime is for how long the figures of the database may take.
const figuresTime = 5 * time.Second

// figures are what is read when somebody asks for it.
type figures struct {
	mu      sync.Mutex
	stored  func(context.Context) ([]Figure, error)
	pool    *store.Store
	ready   *Readiness
	backups *Backups
}

// Watch says where the figures of the database come from, and of whose pool,
// readiness and backups to tell; nil: none. Without metrics it does nothing.
func (m *Metrics) Watch(stored func(context.Context) ([]Figure, error), pool *store.Store, ready *Readiness, backups *Backups) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stored, m.pool, m.ready, m.backups = stored, pool, ready, backups
}

// Describe implements prometheus.Collector.
func (f *figures) Describe(to chan<- *prometheus.Desc) {
	for _, kinds := range [][]*FigureKind{stored, gauges, counters} {
		for _, k := range kinds {
			to <- k.desc
		}
	}
}

// Collect implements prometheus.Collector.
func (f *figures) Collect(to chan<- prometheus.Metric) {
	f.mu.Lock()
	read, pool, ready, backups := f.stored, f.pool, f.ready, f.backups
	f.mu.Unlock()
	if ready != nil {
		value := 0.0
		if ready.Against() == "" {
			value = 1
		}
		to <- prometheus.MustNewConstMetric(figureReady.desc, prometheus.GaugeValue, value)
	}
	if state, makes := backups.State(); makes {
		to <- prometheus.MustNewConstMetric(figureBackup.desc, prometheus.GaugeValue, float64(max(0, state.Last.Unix())))
	}
	collectPool(to, pool)
	if read == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), figuresTime)
	defer cancel()
	all, err := read(ctx)
	if err != nil {
		to <- prometheus.NewInvalidMetric(FigureHealth.desc, err)
		return
	}
	for _, f := range all {
		to <- prometheus.MustNewConstMetric(f.Of.desc, prometheus.GaugeValue, f.Value, f.Labels...)
	}
}

// collectPool tells how the pool does. On a transaction, in tests, there is none.
func collectPool(to chan<- prometheus.Metric, st *store.Store) {
	if st == nil {
		return
	}
	s, ok := st.PoolFigures()
	if !ok {
		return
	}
	for of, value := range map[*FigureKind]float64{poolMax: s.Max, poolOpen: s.Open, poolInUse: s.InUse, poolIdle: s.Idle} {
		to <- prometheus.MustNewConstMetric(of.desc, prometheus.GaugeValue, value)
	}
	for of, value := range map[*FigureKind]float64{poolTaken: s.Taken, poolWaited: s.Waited, poolWaitedFor: s.WaitedFor, poolGivenUp: s.GivenUp} {
		to <- prometheus.MustNewConstMetric(of.desc, prometheus.CounterValue, value)
	}
}
