package otlp

import (
	"math"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/encoding/protowire"
)

// The numbers of fields in this file are those of opentelemetry-proto: collector/trace/v1,
// trace/v1, resource/v1 and common/v1. As proto3 has it, what is empty is left out.

// encode is the body of a request that brings the spans: an ExportTraceServiceRequest.
func encode(spans []sdktrace.ReadOnlySpan) []byte {
	var b []byte
	for _, of := range grouped(spans, func(s sdktrace.ReadOnlySpan) attribute.Distinct { return s.Resource().Equivalent() }) {
		b = message(b, 1, func(b []byte) []byte { return appendResourceSpans(b, of) })
	}
	return b
}

// grouped parts spans by what they have in common, in the order in which it comes.
func grouped[K comparable](spans []sdktrace.ReadOnlySpan, key func(sdktrace.ReadOnlySpan) K) [][]sdktrace.ReadOnlySpan {
	var groups [][]sdktrace.ReadOnlySpan
	place := map[K]int{}
	for _, s := range spans {
		at, known := place[key(s)]
		if !known {
			at = len(groups)
			place[key(s)] = at
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], s)
	}
	return groups
}

func appendResourceSpans(b []byte, spans []sdktrace.ReadOnlySpan) []byte {
	about := spans[0].Resource()
	b = message(b, 1, func(b []byte) []byte { return appendAttributes(b, 1, about.Attributes()) })
	for _, of := range grouped(spans, sdktrace.ReadOnlySpan.InstrumentationScope) {
		b = message(b, 2, func(b []byte) []byte { return appendScopeSpans(b, of) })
	}
	return text(b, 3, about.SchemaURL())
}

func appendScopeSpans(b []byte, spans []sdktrace.ReadOnlySpan) []byte {
	scope := spans[0].InstrumentationScope()
	if scope != (instrumentation.Scope{}) {
		b = message(b, 1, func(b []byte) []byte {
			b = text(b, 1, scope.Name)
			b = text(b, 2, scope.Version)
			return appendAttributes(b, 3, scope.Attributes.ToSlice())
		})
	}
	for _, s := range spans {
		b = message(b, 2, func(b []byte) []byte { return appendSpan(b, s) })
	}
	return text(b, 3, scope.SchemaURL)
}

func appendSpan(b []byte, s sdktrace.ReadOnlySpan) []byte {
	of, parent := s.SpanContext(), s.Parent()
	b = appendIDs(b, of)
	if id := parent.SpanID(); id.IsValid() {
		b = octets(b, 4, id[:])
	}
	b = text(b, 5, s.Name())
	b = number(b, 6, kind(s.SpanKind()))
	b = fixed64(b, 7, nanoseconds(s.StartTime().UnixNano()))
	b = fixed64(b, 8, nanoseconds(s.EndTime().UnixNano()))
	b = appendAttributes(b, 9, s.Attributes())
	b = number(b, 10, count(s.DroppedAttributes()))
	for _, e := range s.Events() {
		b = message(b, 11, func(b []byte) []byte { return appendEvent(b, e) })
	}
	b = number(b, 12, count(s.DroppedEvents()))
	for _, l := range s.Links() {
		b = message(b, 13, func(b []byte) []byte { return appendLink(b, l) })
	}
	b = number(b, 14, count(s.DroppedLinks()))
	status := s.Status()
	b = message(b, 15, func(b []byte) []byte { return number(text(b, 2, status.Description), 3, statusCode(status.Code)) })
	return fixed32(b, 16, flags(of, parent))
}

// appendIDs appends what a span and a link to one begin with.
func appendIDs(b []byte, of trace.SpanContext) []byte {
	traceID, spanID := of.TraceID(), of.SpanID()
	b = octets(b, 1, traceID[:])
	b = octets(b, 2, spanID[:])
	return text(b, 3, of.TraceState().String())
}

func appendEvent(b []byte, e sdktrace.Event) []byte {
	b = fixed64(b, 1, nanoseconds(e.Time.UnixNano()))
	b = text(b, 2, e.Name)
	b = appendAttributes(b, 3, e.Attributes)
	return number(b, 4, count(e.DroppedAttributeCount))
}

func appendLink(b []byte, l sdktrace.Link) []byte {
	b = appendIDs(b, l.SpanContext)
	b = appendAttributes(b, 4, l.Attributes)
	b = number(b, 5, count(l.DroppedAttributeCount))
	return fixed32(b, 6, flags(l.SpanContext, l.SpanContext))
}

func appendAttributes(b []byte, field protowire.Number, all []attribute.KeyValue) []byte {
	for _, kv := range all {
		b = message(b, field, func(b []byte) []byte {
			b = text(b, 1, string(kv.Key))
			return message(b, 2, func(b []byte) []byte { return appendValue(b, kv.Value) })
		})
	}
	return b
}

// appendValue appends an AnyValue. Its fields are of a oneof: they stand there also where
// they are empty.
func appendValue(b []byte, v attribute.Value) []byte {
	switch v.Type() {
	case attribute.EMPTY:
		return b
	case attribute.BOOL:
		return protowire.AppendVarint(protowire.AppendTag(b, 2, protowire.VarintType), protowire.EncodeBool(v.AsBool()))
	case attribute.INT64:
		return protowire.AppendVarint(protowire.AppendTag(b, 3, protowire.VarintType), uint64(v.AsInt64())) //nolint:gosec // two's complement is wanted
	case attribute.FLOAT64:
		return protowire.AppendFixed64(protowire.AppendTag(b, 4, protowire.Fixed64Type), math.Float64bits(v.AsFloat64()))
	case attribute.BOOLSLICE:
		return appendList(b, v.AsBoolSlice(), attribute.BoolValue)
	case attribute.INT64SLICE:
		return appendList(b, v.AsInt64Slice(), attribute.Int64Value)
	case attribute.FLOAT64SLICE:
		return appendList(b, v.AsFloat64Slice(), attribute.Float64Value)
	case attribute.STRINGSLICE:
		return appendList(b, v.AsStringSlice(), attribute.StringValue)
	case attribute.SLICE:
		return appendList(b, v.AsSlice(), func(one attribute.Value) attribute.Value { return one })
	case attribute.MAP:
		return message(b, 6, func(b []byte) []byte { return appendAttributes(b, 1, v.AsMap()) })
	case attribute.BYTESLICE:
		return octets(b, 7, v.AsByteSlice())
	case attribute.STRING:
		return appendText(b, 1, v.AsString())
	default: // of a later version of the library
		return appendText(b, 1, v.String())
	}
}

// appendList appends an ArrayValue.
func appendList[T any](b []byte, all []T, value func(T) attribute.Value) []byte {
	return message(b, 5, func(b []byte) []byte {
		for _, one := range all {
			b = message(b, 1, func(b []byte) []byte { return appendValue(b, value(one)) })
		}
		return b
	})
}

// message appends a field that is a message, as fill appends it.
func message(b []byte, field protowire.Number, fill func([]byte) []byte) []byte {
	b = protowire.AppendTag(b, field, protowire.BytesType)
	start := len(b)
	b = fill(b)
	var size [10]byte // as long as a varint can be; it stands before what it tells of
	return slices.Insert(b, start, protowire.AppendVarint(size[:0], uint64(len(b)-start))...)
}

func appendText(b []byte, field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func text(b []byte, field protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return appendText(b, field, s)
}

func octets(b []byte, field protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), v)
}

func number(b []byte, field protowire.Number, n uint64) []byte {
	if n == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), n)
}

func fixed64(b []byte, field protowire.Number, n uint64) []byte {
	if n == 0 {
		return b
	}
	return protowire.AppendFixed64(protowire.AppendTag(b, field, protowire.Fixed64Type), n)
}

func fixed32(b []byte, field protowire.Number, n uint32) []byte {
	return protowire.AppendFixed32(protowire.AppendTag(b, field, protowire.Fixed32Type), n)
}

func nanoseconds(n int64) uint64 { return uint64(max(0, n)) } //nolint:gosec // not negative

func count(n int) uint64 { return uint64(min(max(0, n), math.MaxUint32)) } //nolint:gosec // not negative

// kind is OTLP's number of a kind, which has them in the order of the library.
func kind(k trace.SpanKind) uint64 {
	if k < trace.SpanKindInternal || k > trace.SpanKindConsumer {
		return 0
	}
	return uint64(k) //nolint:gosec // between the two
}

// statusCode is OTLP's number of a status; the library has Ok and Error the other way around.
func statusCode(c codes.Code) uint64 {
	switch c {
	case codes.Ok:
		return 1
	case codes.Error:
		return 2
	default:
		return 0
	}
}

const (
	hasIsRemote = 0x100 // that it is known whether the parent is of another process
	isRemote    = 0x200
)

func flags(of, parent trace.SpanContext) uint32 {
	f := uint32(of.TraceFlags()) | hasIsRemote
	if parent.IsRemote() {
		f |= isRemote
	}
	return f
}
