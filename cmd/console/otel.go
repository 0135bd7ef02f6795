package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// otelFlags say whether logins are traced. Where spans go, and how many, is said by
// the variables that OpenTelemetry has for every program.
type otelFlags struct {
	OTel bool `name:"otel" env:"POSTERN_OTEL" help:"Trace requests with OpenTelemetry; OTEL_EXPORTER_OTLP_ENDPOINT and the other OTEL_* variables say where spans go."`
}

// tracesTime is for how long spans that are left are sent when the program ends.
const tracesTime = 5 * time.Second

// tracer is where spans go, and what sends the rest when the program ends. It is nil
// where nothing is to be traced.
func (f otelFlags) tracer(ctx context.Context, log *slog.Logger) (trace.TracerProvider, func(), error) {
	if !f.OTel || os.Getenv("OTEL_SDK_DISABLED") == "true" || os.Getenv("OTEL_TRACES_EXPORTER") == "none" {
		return nil, func() {}, nil
	}
	if err := checkProtocol(); err != nil {
		return nil, nil, err
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("--otel: %w", err)
	}
	// What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say wins.
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "postern"), attribute.String("service.version", version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, nil, fmt.Errorf("--otel: OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	// The library has one place for what goes wrong in the background.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("spans not sent", "error", err) }))
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	return provider, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tracesTime)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			log.WarnContext(ctx, "spans not sent", "error", err)
		}
	}, nil
}

// checkProtocol refuses the protocols that would be passed over without a word.
func checkProtocol() error {
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		if protocol := os.Getenv(name); protocol != "" && protocol != "http/protobuf" {
			return fmt.Errorf("%s is %q, and Postern sends spans by http/protobuf only", name, protocol)
		} else if protocol != "" {
			return nil // the one for traces wins
		}
	}
	if exporter := os.Getenv("OTEL_TRACES_EXPORTER"); exporter != "" && exporter != "otlp" {
		return errors.New("OTEL_TRACES_EXPORTER is " + exporter + ", and Postern sends spans by otlp only")
	}
	return nil
}
