package otlp

import (
	"context"
	"fmt"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Batches gathers spans and sends them in batches. It implements the library's
// SpanProcessor. The library's own hands every span to its sender by a channel, which
// wakes it for each; this one wakes it once for a batch.
type Batches struct {
	config   Config
	exporter sdktrace.SpanExporter
	failed   func(error) // is told of what did not arrive
	full     chan struct{}
	ended    chan struct{} // closed when the sender has ended
	sending  sync.Mutex    // exporters send one batch after the other
	stop     context.CancelFunc
	abort    context.CancelFunc

	mu      sync.Mutex
	spans   []sdktrace.ReadOnlySpan
	dropped int
	closed  bool
}

// NewBatches starts to gather spans for the exporter, within the limits of the
// configuration, until Shutdown.
func NewBatches(c Config, exporter sdktrace.SpanExporter, failed func(error)) *Batches {
	stopping, stop := context.WithCancel(context.Background())
	ctx, abort := context.WithCancel(context.Background())
	b := &Batches{config: c, exporter: exporter, failed: failed, full: make(chan struct{}, 1), ended: make(chan struct{}), stop: stop, abort: abort}
	go b.run(ctx, stopping)
	return b
}

// OnStart implements SpanProcessor.
func (*Batches) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

// OnEnd takes a span up. Where too many wait it is dropped: no login waits for a collector.
func (b *Batches) OnEnd(s sdktrace.ReadOnlySpan) {
	if !s.SpanContext().IsSampled() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
	case len(b.spans) >= b.config.Queue:
		b.dropped++
	default:
		b.spans = append(b.spans, s)
		if len(b.spans)%b.config.Batch == 0 {
			select {
			case b.full <- struct{}{}:
			default: // it is told already
			}
		}
	}
}

func (b *Batches) run(ctx, stopping context.Context) {
	defer close(b.ended)
	tick := time.NewTicker(b.config.Delay)
	defer tick.Stop()
	for {
		select {
		case <-stopping.Done():
			return
		case <-tick.C:
		case <-b.full:
		}
		b.send(ctx)
	}
}

// send sends all that is there, batch by batch.
func (b *Batches) send(ctx context.Context) {
	b.sending.Lock()
	defer b.sending.Unlock()
	for {
		batch, dropped := b.next()
		if dropped > 0 {
			b.failed(fmt.Errorf("%d spans dropped: the collector is slower than they come, or away", dropped))
		}
		if len(batch) == 0 {
			return
		}
		within, cancel := context.WithTimeout(ctx, b.config.Sending)
		if err := b.exporter.ExportSpans(within, batch); err != nil {
			b.failed(fmt.Errorf("%d spans lost: %w", len(batch), err))
		}
		cancel()
	}
}

// next takes away a batch, and how many were dropped since the last one.
func (b *Batches) next() (batch []sdktrace.ReadOnlySpan, dropped int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	dropped, b.dropped = b.dropped, 0
	if len(b.spans) <= b.config.Batch {
		batch, b.spans = b.spans, nil
		return batch, dropped
	}
	batch, b.spans = b.spans[:b.config.Batch:b.config.Batch], b.spans[b.config.Batch:]
	return batch, dropped
}

// ForceFlush sends what is there before it returns.
func (b *Batches) ForceFlush(ctx context.Context) error {
	b.send(ctx)
	return ctx.Err()
}

// Shutdown takes no more spans, sends what is there, and returns when that is done, or
// the context ends.
func (b *Batches) Shutdown(ctx context.Context) error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	defer b.abort()
	b.stop()
	select {
	case <-b.ended:
	case <-ctx.Done():
		return ctx.Err()
	}
	b.send(ctx)
	return b.exporter.Shutdown(ctx)
}
