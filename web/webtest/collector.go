package webtest

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	"google.golang.org/protobuf/proto"

	"github.com/postern-sso/postern/internal/otlp"
)

// Span is one that a collector got.
type Span struct {
	Name, Trace, ID, Parent string
	Attributes              map[string]string
	Service                 string
	Failed                  string
}

// Collector is where spans are sent to, as OpenTelemetry's own collector takes them.
type Collector struct {
	URL string

	mu    sync.Mutex
	spans []Span
	came  chan struct{}
}

// NewCollector starts a collector.
func NewCollector(t testing.TB) *Collector {
	t.Helper()
	c := &Collector{came: make(chan struct{}, 1)}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := c.take(r); err != nil {
			t.Errorf("the collector: %v", err)
			w.WriteHeader(http.StatusBadRequest)
		}
		select {
		case c.came <- struct{}{}:
		default:
		}
	}))
	t.Cleanup(srv.Close)
	c.URL = srv.URL
	return c
}

func (c *Collector) take(r *http.Request) error {
	if r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
		return fmt.Errorf("%s %s of %s", r.Method, r.URL.Path, r.Header.Get("Content-Type"))
	}
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	var sent collector.ExportTraceServiceRequest
	if err := proto.Unmarshal(data, &sent); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, of := range sent.GetResourceSpans() {
		service := attributes(of.GetResource().GetAttributes())["service.name"]
		for _, scope := range of.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				c.spans = append(c.spans, Span{Name: s.GetName(), Trace: hex.EncodeToString(s.GetTraceId()), ID: hex.EncodeToString(s.GetSpanId()),
					Parent: hex.EncodeToString(s.GetParentSpanId()), Attributes: attributes(s.GetAttributes()), Service: service,
					Failed: s.GetStatus().GetMessage()})
				if s.GetTraceState() != "" || len(s.GetEvents()) > 0 || len(s.GetLinks()) > 0 {
					return fmt.Errorf("%s has more than its attributes: %v", s.GetName(), s)
				}
			}
		}
	}
	return nil
}

func attributes(all []*common.KeyValue) map[string]string {
	found := map[string]string{}
	for _, kv := range all {
		if text := kv.GetValue().GetStringValue(); text != "" {
			found[kv.GetKey()] = text
		} else {
			found[kv.GetKey()] = fmt.Sprint(kv.GetValue().GetIntValue())
		}
	}
	return found
}

// Spans are those that came so far.
func (c *Collector) Spans() []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Span(nil), c.spans...)
}

// Came is told when some came.
func (c *Collector) Came() <-chan struct{} { return c.came }

// Tracer sends every span to the collector before it goes on.
func (c *Collector) Tracer(t testing.TB) trace.TracerProvider {
	t.Helper()
	return sdktrace.NewTracerProvider(sdktrace.WithSyncer(otlp.New(otlp.Config{URL: c.URL + "/v1/traces", Headers: http.Header{}})))
}
