package otlp_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/postern-sso/postern/internal/otlp"
)

// The official exporter sends the same of the same spans, field by field.
func TestSendsWhatTheOfficialExporterSends(t *testing.T) {
	t.Parallel()
	var bodies [][]byte
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("Content-Type") != "application/x-protobuf" || r.Method != http.MethodPost {
			t.Errorf("%s of %s: %v", r.Method, r.Header.Get("Content-Type"), err)
		}
		bodies = append(bodies, body)
	}))
	t.Cleanup(srv.Close)
	official, err := otlptracehttp.New(t.Context(), otlptracehttp.WithEndpointURL(srv.URL+"/v1/traces"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []sdktrace.SpanExporter{official, otlp.New(otlp.Config{URL: srv.URL, Headers: http.Header{}})} {
		if err := e.ExportSpans(t.Context(), manySpans().Snapshots()); err != nil {
			t.Fatal(err)
		}
	}
	var want, got collector.ExportTraceServiceRequest
	if err := proto.Unmarshal(bodies[0], &want); err != nil {
		t.Fatal(err)
	}
	if err := (proto.UnmarshalOptions{}).Unmarshal(bodies[1], &got); err != nil {
		t.Fatal(err)
	}
	// The official exporter has no order of resources, and leaves a link's trace state out.
	if rs := want.ResourceSpans; rs[0].GetResource().GetAttributes()[0].GetValue().GetStringValue() == "other" {
		rs[0], rs[1] = rs[1], rs[0]
	}
	link := got.ResourceSpans[0].ScopeSpans[0].Spans[0].Links[0]
	if link.GetTraceState() != "a=1" {
		t.Errorf("the trace state of a link: %q", link.GetTraceState())
	}
	link.TraceState = ""
	if !proto.Equal(&want, &got) {
		t.Errorf("official: %v\n\nours: %v", &want, &got)
	}
}

// manySpans are spans with everything that a span can have.
func manySpans() tracetest.SpanStubs {
	state, err := trace.ParseTraceState("a=1")
	if err != nil {
		panic(err)
	}
	of := func(id byte, remote bool) trace.SpanContext {
		return trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1, id}, SpanID: trace.SpanID{2, id}, TraceFlags: trace.FlagsSampled,
			TraceState: state, Remote: remote})
	}
	began := time.Unix(1_800_000_000, 123_456_789)
	every := []attribute.KeyValue{attribute.String("s", "é"), attribute.String("empty", ""), attribute.Bool("no", false), attribute.Bool("yes", true),
		attribute.Int("minus", -1), attribute.Int("zero", 0), attribute.Float64("f", 1.5), attribute.StringSlice("list", []string{"a", "", "b"}),
		attribute.BoolSlice("bools", []bool{true, false}), attribute.Int64Slice("numbers", []int64{0, -1}), attribute.Float64Slice("floats", []float64{0, 2.5}),
		attribute.StringSlice("nothing", nil), attribute.ByteSlice("octets", []byte{0, 255}), {Key: "no value"},
		attribute.Slice("mixed", attribute.StringValue("a"), attribute.SliceValue(attribute.IntValue(1)), attribute.Value{}),
		attribute.Map("map", attribute.String("in", "it"), attribute.Int64Slice("numbers", []int64{1}))}
	// The service's name is first among them, by which the test tells the two apart.
	ours := resource.NewWithAttributes("https://example.com/schema", append(prefixed("z.", every), attribute.String("service.name", "postern"))...)
	other := resource.NewSchemaless(attribute.String("service.name", "other"))
	scope := instrumentation.Scope{Name: "scope", Version: "1", SchemaURL: "https://example.com/scope", Attributes: attribute.NewSet(attribute.Bool("x", true))}
	long := make([]byte, 70_000)
	spans := tracetest.SpanStubs{
		{Name: "all", SpanContext: of(1, false), Parent: of(2, true), SpanKind: trace.SpanKindServer, StartTime: began, EndTime: began.Add(time.Second),
			Attributes:        append(every, attribute.String("long", string(long))),
			Events:            []sdktrace.Event{{Name: "event", Time: began, Attributes: []attribute.KeyValue{attribute.Int("n", 1)}, DroppedAttributeCount: 2}},
			Links:             []sdktrace.Link{{SpanContext: of(3, true), Attributes: []attribute.KeyValue{attribute.Int("n", 1)}, DroppedAttributeCount: 3}},
			Status:            sdktrace.Status{Code: codes.Error, Description: "it failed"},
			DroppedAttributes: 4, DroppedEvents: 5, DroppedLinks: 6, Resource: ours, InstrumentationScope: scope},
		{Name: "of another resource", SpanContext: of(5, false), Resource: other, StartTime: began, EndTime: began},
		{Name: "of another scope", SpanContext: of(6, false), Resource: ours, InstrumentationScope: instrumentation.Scope{Name: "second"},
			Status: sdktrace.Status{Code: codes.Ok}, StartTime: began, EndTime: began},
	}
	for kind := trace.SpanKindUnspecified; kind <= trace.SpanKindConsumer; kind++ {
		spans = append(spans, tracetest.SpanStub{Name: kind.String(), SpanKind: kind, SpanContext: of(10, false), Parent: of(4, false), Resource: ours,
			InstrumentationScope: scope, StartTime: began, EndTime: began})
	}
	return spans
}

// prefixed is attributes under other names.
func prefixed(prefix string, all []attribute.KeyValue) []attribute.KeyValue {
	renamed := slices.Clone(all)
	for i := range renamed {
		renamed[i].Key = attribute.Key(prefix) + renamed[i].Key
	}
	return renamed
}

func BenchmarkExport(b *testing.B) {
	e := otlp.New(otlp.Config{URL: "http://collector.invalid", Headers: http.Header{}})
	otlp.SetTransport(e, func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
	})
	spans := manySpans()[1:].Snapshots()
	b.ReportAllocs()
	for b.Loop() {
		if err := e.ExportSpans(context.Background(), spans); err != nil {
			b.Fatal(err)
		}
	}
}
