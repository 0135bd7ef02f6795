package otlp_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/postern-sso/postern/internal/otlp"
)

// A collector that cannot just now is asked again, after the pause that it asks for or one
// of ours, until the time is over; what it refuses for good is not.
func TestRetries(t *testing.T) {
	t.Parallel()
	away := errors.New("connection refused")
	for name, test := range map[string]struct {
		answers  []answer
		took     [2]time.Duration // at least and at most
		asked    int
		errorHas string
	}{
		"taken":              {[]answer{{code: 200}}, [2]time.Duration{0, 0}, 1, ""},
		"as long as it asks": {[]answer{{code: 429, after: "7"}, {code: 200}}, [2]time.Duration{7 * time.Second, 7 * time.Second}, 2, ""},
		"until a date": {[]answer{{code: 503, after: "Sat, 01 Jan 2000 00:00:09 GMT"}, {code: 200}},
			[2]time.Duration{9 * time.Second, 9 * time.Second}, 2, ""},
		"about five seconds, twice": {[]answer{{code: 502}, {code: 504}, {code: 200}}, [2]time.Duration{7500 * time.Millisecond, 22500 * time.Millisecond}, 3, ""},
		"away and back":             {[]answer{{err: away}, {code: 200}}, [2]time.Duration{2500 * time.Millisecond, 7500 * time.Millisecond}, 2, ""},
		"longer than there is time": {[]answer{{code: 503, after: "31", body: "busy"}}, [2]time.Duration{0, 0}, 1, `503 Service Unavailable: "busy"`},
		"refused":                   {[]answer{{code: 400, body: "no"}}, [2]time.Duration{0, 0}, 1, `400 Bad Request: "no"`},
		"a redirect":                {[]answer{{code: 302}}, [2]time.Duration{0, 0}, 1, "302 Found"},
		"refused in protobuf":       {[]answer{{code: 401, message: &status.Status{Code: 16, Message: "who are you"}}}, [2]time.Duration{0, 0}, 1, `"who are you"`},
		"taken in part": {[]answer{{code: 200, message: &collector.ExportTraceServiceResponse{
			PartialSuccess: &collector.ExportTracePartialSuccess{RejectedSpans: 3, ErrorMessage: "too long"}}}},
			[2]time.Duration{0, 0}, 1, `refused 3 spans of a batch: "too long"`},
		"taken, said in protobuf": {[]answer{{code: 200, message: &collector.ExportTraceServiceResponse{}}}, [2]time.Duration{0, 0}, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e, asked := otlp.New(otlp.Config{URL: "http://collector.invalid", Headers: http.Header{"X-Key": {"k"}}, Gzip: true}), 0
				otlp.SetTransport(e, func(r *http.Request) (*http.Response, error) {
					asked++
					checkRequest(t, r)
					return test.answers[asked-1].response()
				})
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				began := time.Now()
				err := e.ExportSpans(ctx, manySpans().Snapshots())
				if took := time.Since(began); took < test.took[0] || took > test.took[1] {
					t.Errorf("it took %v, want %v", took, test.took)
				}
				if asked != test.asked {
					t.Errorf("asked %d times, want %d", asked, test.asked)
				}
				if (err == nil) != (test.errorHas == "") || err != nil && !strings.Contains(err.Error(), test.errorHas) {
					t.Errorf("error %v, want %q", err, test.errorHas)
				}
			})
		})
	}
}

// answer is one of a collector.
type answer struct {
	err         error
	code        int
	after, body string
	message     proto.Message
}

func (a answer) response() (*http.Response, error) {
	if a.err != nil {
		return nil, a.err
	}
	r := &http.Response{StatusCode: a.code, Header: http.Header{"Retry-After": {a.after}}}
	r.Status = strconv.Itoa(a.code) + " " + http.StatusText(a.code)
	if a.message != nil {
		data, err := proto.Marshal(a.message)
		if err != nil {
			return nil, err
		}
		a.body = string(data)
		r.Header.Set("Content-Type", "application/x-protobuf")
	}
	r.Body = io.NopCloser(strings.NewReader(a.body))
	return r, nil
}

// checkRequest tells whether each try brings the whole of the spans, compressed.
func checkRequest(t *testing.T, r *http.Request) {
	t.Helper()
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		t.Error(err)
		return
	}
	body, err := io.ReadAll(z)
	if err != nil {
		t.Error(err)
	}
	var sent collector.ExportTraceServiceRequest
	if err := proto.Unmarshal(body, &sent); err != nil || len(sent.GetResourceSpans()) != 2 {
		t.Errorf("sent: %v, %d resources", err, len(sent.GetResourceSpans()))
	}
	if r.Header.Get("X-Key") != "k" || r.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("headers: %v", r.Header)
	}
}

// kept is an exporter that keeps what it gets, when it may.
type kept struct {
	batches chan int
	may     chan struct{} // nil: at once
}

func (k kept) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if k.may != nil {
		select {
		case <-k.may:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	k.batches <- len(spans)
	return nil
}

func (kept) Shutdown(context.Context) error { return nil }

// Spans go when a batch is full, when the time is over, and at the end; those for which
// there is no room are dropped and counted, and nobody waits.
func TestBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := kept{make(chan int, 100), make(chan struct{}, 100)}
		var failed []string
		b := otlp.NewBatches(otlp.Config{Delay: 5 * time.Second, Queue: 10, Batch: 4, Sending: 30 * time.Second}, k,
			func(err error) { failed = append(failed, err.Error()) })
		span := manySpans()[0].Snapshot()
		end := func(n int) {
			for range n {
				b.OnEnd(span)
			}
			synctest.Wait()
		}
		k.may <- struct{}{}
		end(4)
		if got := <-k.batches; got != 4 {
			t.Errorf("a full batch: %d", got)
		}
		k.may <- struct{}{}
		end(2)
		time.Sleep(5 * time.Second)
		if got := <-k.batches; got != 2 {
			t.Errorf("after the delay: %d", got)
		}
		end(4) // the collector hangs with these
		end(13)
		for range 4 {
			k.may <- struct{}{}
		}
		if err := b.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		end(1)
		close(k.batches)
		var sizes []int
		for n := range k.batches {
			sizes = append(sizes, n)
		}
		if len(sizes) != 4 || sizes[0]+sizes[1]+sizes[2]+sizes[3] != 14 {
			t.Errorf("at the end: %v, want 14 spans in batches of 4", sizes)
		}
		if len(failed) != 1 || !strings.HasPrefix(failed[0], "3 spans dropped") {
			t.Errorf("told: %q", failed)
		}
	})
}

// A collector that hangs keeps the program no longer than it is given, and what it costs is said.
func TestShutdownDoesNotWaitForACollector(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		failed := 0
		b := otlp.NewBatches(otlp.Config{Delay: 5 * time.Second, Queue: 10, Batch: 1, Sending: 30 * time.Second}, kept{make(chan int, 1), make(chan struct{})},
			func(error) { failed++ })
		b.OnEnd(manySpans()[0].Snapshot())
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		began := time.Now()
		if err := b.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 5*time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		synctest.Wait()
		if failed != 1 {
			t.Errorf("told %d times", failed)
		}
	})
}
