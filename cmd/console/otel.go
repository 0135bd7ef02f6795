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
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/postern-sso/postern/internal/otlp"
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
	if exporter := os.Getenv("OTEL_TRACES_EXPORTER"); exporter != "" && exporter != "otlp" {
		return nil, nil, errors.New("OTEL_TRACES_EXPORTER is " + exporter + ", and Postern sends spans by otlp only")
	}
	config, err := otlp.FromEnvironment(os.Getenv)
	if err != nil {
		return nil, nil, fmt.Errorf("--otel: %w", err)
	}
	// What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say wins.
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "postern"), attribute.String("service.version", version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, nil, fmt.Errorf("--otel: OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	failed := func(err error) { log.Warn("spans not sent", "error", err) }
	// The library itself says what it cannot follow, such as an OTEL_TRACES_SAMPLER that it does not know.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("OpenTelemetry's library reports an error", "error", err) }))
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(otlp.NewBatches(config, otlp.New(config), failed)), sdktrace.WithResource(about))
	return provider, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tracesTime)
		defer cancel()
		if err := provider.Shutdown(ctx); err != nil {
			log.WarnContext(ctx, "spans not sent", "error", err)
		}
	}, nil
}
