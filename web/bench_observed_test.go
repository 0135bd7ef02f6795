package web_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/otlp"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/webtest"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func BenchmarkLoginObserved(b *testing.B) {
	// What a collector does with spans is not the login's to pay: this one throws them away.
	c := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	b.Cleanup(c.Close)
	config, err := otlp.FromEnvironment(func(string) string { return "" })
	if err != nil {
		b.Fatal(err)
	}
	config.URL = c.URL
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(otlp.NewBatches(config, otlp.New(config), func(err error) { b.Error(err) })))
	b.Cleanup(func() { _ = provider.Shutdown(context.Background()) })
	kinds := []string{"nothing", "metrics", "metrics+traces"}
	var sites []*webtest.SamlSite
	for i := range kinds {
		sites = append(sites, webtest.NewSAMLSite(b, storetest.OpenPool(b), nil, func(o *kit.Options) {
			if i == 0 {
				o.Metrics = nil
			}
			if i == 2 {
				o.Tracer = trace.TracerProvider(provider)
			}
		}))
	}
	took := make([][]time.Duration, len(kinds))
	for b.Loop() {
		for i, s := range sites { // in turns, so that what else the machine does meets all alike
			r := s.AnswerFromAWS(b, s.Sim, s.App, "user0")
			w := httptest.NewRecorder()
			began := time.Now()
			s.Handler().ServeHTTP(w, r)
			took[i] = append(took[i], time.Since(began))
			if w.Code != http.StatusSeeOther {
				b.Fatal(w.Code)
			}
		}
	}
	for i := range kinds {
		slices.Sort(took[i])
		b.ReportMetric(float64(took[i][len(took[i])/2].Microseconds())/1000, "ms-p50-"+kinds[i])
		b.ReportMetric(float64(took[i][len(took[i])/4].Microseconds())/1000, "ms-p25-"+kinds[i])
	}
}
