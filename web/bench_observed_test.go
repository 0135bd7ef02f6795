package web_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/webtest"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func BenchmarkLoginObserved(b *testing.B) {
	c := webtest.NewCollector(b)
	exporter, err := otlptracehttp.New(b.Context(), otlptracehttp.WithEndpointURL(c.URL+"/v1/traces"))
	if err != nil {
		b.Fatal(err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter))
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
	_ = model.User{}
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
