package standing

import (
	"context"

	"github.com/postern-sso/postern/internal/health"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/kit"
)

// numbers are the states as numbers, for Prometheus.
var numbers = map[health.State]float64{health.None: -1, health.Good: 1, health.Warn: 0.5, health.Bad: 0}

// Figures is how everything does, for Prometheus: by short name, which stays when
// a name changes.
func (lf Standing) Figures(ctx context.Context) ([]kit.Figure, error) {
	var all []kit.Figure
	for _, read := range []func(context.Context, *[]kit.Figure) error{lf.figuresOfConnections, lf.figuresOfApps, lf.figuresOfSources, lf.figuresOfWarnings} {
		if err := read(ctx, &all); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func healthOf(kind, slug string, h health.Health) kit.Figure {
	return kit.Figure{Of: kit.FigureHealth, Value: numbers[h.State], Labels: []string{kind, slug}}
}

func (lf Standing) figuresOfConnections(ctx context.Context, to *[]kit.Figure) error {
	connections, err := lf.Store.Connections(ctx)
	if err != nil {
		return err
	}
	judged, err := lf.Connections(ctx, connections)
	if err != nil {
		return err
	}
	for _, c := range judged {
		*to = append(*to, healthOf("connection", c.Slug, c.Health))
		if ends, found := health.CertificatesEnd(c.Connection, lf.metadata()); found {
			*to = append(*to, kit.Figure{Of: kit.FigureCertificate, Value: ends.Sub(lf.Now()).Seconds(), Labels: []string{c.Slug}})
		}
	}
	return nil
}

func (lf Standing) figuresOfApps(ctx context.Context, to *[]kit.Figure) error {
	apps, err := lf.Apps(ctx, "")
	for _, a := range apps {
		*to = append(*to, healthOf("app", a.Slug, a.Health))
	}
	return err
}

func (lf Standing) figuresOfSources(ctx context.Context, to *[]kit.Figure) error {
	sources, err := lf.Store.Sources(ctx)
	if err != nil || len(sources) == 0 {
		return err
	}
	last, err := lf.Store.LastRuns(ctx)
	if err != nil {
		return err
	}
	waiting, err := lf.Store.WaitingRuns(ctx)
	if err != nil {
		return err
	}
	for _, s := range sources {
		run, waits := waiting[s.Slug]
		*to = append(*to, healthOf("source", s.Slug, health.OfSource(s, health.SourceEvidence{Last: last[s.Slug], Waiting: run})),
			kit.Figure{Of: kit.FigureHolds, Value: number(waits), Labels: []string{s.Slug}})
		if !s.Kind.Reads() {
			continue
		}
		at := 0.0
		if !s.LastGoodAt.IsZero() {
			at = float64(s.LastGoodAt.Unix())
		}
		*to = append(*to, kit.Figure{Of: kit.FigureSourceGood, Value: at, Labels: []string{s.Slug}},
			kit.Figure{Of: kit.FigureSourceFailures, Value: float64(s.FailuresInRow), Labels: []string{s.Slug}})
	}
	return nil
}

func (lf Standing) figuresOfWarnings(ctx context.Context, to *[]kit.Figure) error {
	undelivered, err := lf.Store.Undelivered(ctx)
	if err != nil {
		return err
	}
	for _, channel := range []string{model.ChannelMail, model.ChannelWebhook} {
		*to = append(*to, kit.Figure{Of: kit.FigureWarnings, Value: float64(undelivered[channel]), Labels: []string{channel}})
	}
	return nil
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
