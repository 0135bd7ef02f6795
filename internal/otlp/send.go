package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/protobuf/encoding/protowire"
)

const (
	contentType  = "application/x-protobuf"
	firstPause   = 5 * time.Second // before a batch is tried again; then twice as long each time
	longestPause = 30 * time.Second
	mostOfAnswer = 4 << 10 // bytes that are read of what the collector says
)

// Exporter sends batches of spans. It implements the library's SpanExporter.
type Exporter struct {
	config Config
	client *http.Client
}

// New makes an exporter. Nothing is sent yet.
func New(c Config) *Exporter {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = c.TLS
	return &Exporter{config: c, client: &http.Client{Transport: transport, Timeout: c.Timeout,
		// A POST that is redirected may go on as a GET, which brings nothing.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// ExportSpans sends spans, and tries again what the collector may take later, until the
// context ends.
func (e *Exporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if len(spans) == 0 {
		return nil
	}
	body := encode(spans)
	if e.config.Gzip {
		body = compressed(body)
	}
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := e.post(ctx, body)
		var later *laterError
		if !errors.As(err, &later) || !wait(ctx, later.pauseOr(pause)) {
			return err
		}
	}
}

// Shutdown lets go of open connections.
func (e *Exporter) Shutdown(context.Context) error {
	e.client.CloseIdleConnections()
	return nil
}

func compressed(body []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(body) // into memory nothing fails
	_ = z.Close()
	return b.Bytes()
}

// post sends one request. The error is a *laterError where another try may do.
func (e *Exporter) post(ctx context.Context, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.config.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header = e.config.Headers.Clone()
	r.Header.Set("Content-Type", contentType)
	if e.config.Gzip {
		r.Header.Set("Content-Encoding", "gzip")
	}
	answer, err := e.client.Do(r)
	if err != nil {
		return &laterError{err: err}
	}
	defer func() { _ = answer.Body.Close() }() // it is read
	said, err := io.ReadAll(io.LimitReader(answer.Body, mostOfAnswer))
	if answer.StatusCode < 300 && answer.StatusCode >= 200 {
		return partly(answer, said) // what cannot be read of a success changes nothing
	}
	refused := fmt.Errorf("the collector answered %s: %s", answer.Status, words(answer, said))
	switch answer.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return &laterError{err: errors.Join(refused, err), pause: pauseOf(answer.Header.Get("Retry-After"))}
	}
	return errors.Join(refused, err)
}

// laterError is one that another try may mend.
type laterError struct {
	err   error
	pause *time.Duration // that the collector asked for; nil: none
}

// Error implements error.
func (e *laterError) Error() string { return e.err.Error() }

// Unwrap is for errors.Is.
func (e *laterError) Unwrap() error { return e.err }

// pauseOr is for how long to wait: as asked for, else about the given time, so that many
// processes do not come back at once.
func (e *laterError) pauseOr(about time.Duration) time.Duration {
	if e.pause != nil {
		return *e.pause
	}
	return about/2 + rand.N(about) //nolint:gosec // no secret
}

// pauseOf reads a Retry-After: seconds or a date.
func pauseOf(text string) *time.Duration {
	pause := time.Duration(0)
	if seconds, err := strconv.Atoi(text); err == nil {
		pause = time.Duration(min(max(seconds, 0), 24*60*60)) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		pause = max(0, time.Until(at))
	} else {
		return nil
	}
	return &pause
}

// wait waits, unless the context ends before that time; it tells whether it waited.
func wait(ctx context.Context, pause time.Duration) bool {
	if until, ok := ctx.Deadline(); ok && time.Until(until) <= pause {
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// partly is what a collector that took the request did not take of it: the
// partial_success of an ExportTraceServiceResponse.
func partly(answer *http.Response, said []byte) error {
	if !isProtobuf(answer) {
		return nil
	}
	partial := fieldsOf(fieldsOf(said).bytes[1])
	if partial.numbers[1] == 0 && len(partial.bytes[2]) == 0 {
		return nil
	}
	return fmt.Errorf("the collector refused %d spans of a batch: %q", partial.numbers[1], partial.bytes[2])
}

// words is what a collector said that did not take a request: the message of a
// google.rpc.Status, or text.
func words(answer *http.Response, said []byte) string {
	if isProtobuf(answer) {
		said = fieldsOf(said).bytes[2]
	}
	return strconv.Quote(strings.TrimSpace(string(said)))
}

func isProtobuf(answer *http.Response) bool {
	kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	return err == nil && kind == contentType
}

// fields are those of one message, by number.
type fields struct {
	numbers map[protowire.Number]uint64
	bytes   map[protowire.Number][]byte
}

// fieldsOf reads a message as far as it is one.
func fieldsOf(b []byte) fields {
	f := fields{map[protowire.Number]uint64{}, map[protowire.Number][]byte{}}
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			break
		}
		b = b[n:]
		switch kind {
		case protowire.VarintType:
			f.numbers[field], n = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			f.bytes[field], n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(field, kind, b)
		}
		if n < 0 {
			break
		}
		b = b[n:]
	}
	return f
}
