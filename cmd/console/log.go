package main

import (
	"fmt"
	"io"
	"log/slog"
)

// logFlags say how and what is logged.
type logFlags struct {
	LogFormat string `name:"log-format" env:"POSTERN_LOG_FORMAT" enum:"text,json" default:"text" help:"text or json. With json every line is JSON, on standard output, too."`
	LogLevel  string `name:"log-level" env:"POSTERN_LOG_LEVEL" enum:"debug,info,warn,error" default:"info" help:"The least that is logged: debug, info, warn or error (${default})."`
}

// logger writes what is at least of the level that was asked for.
func (f logFlags) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(f.LogLevel)) // the command line takes nothing else; empty is info
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: durationsAsText}
	if f.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// durationsAsText writes durations with their unit, which JSON would leave out.
func durationsAsText(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}

// say prints a line about an address for whoever started the program, or its
// service manager: whatever the level, and as JSON where the log is.
func (f logFlags) say(w io.Writer, what, url string) {
	if f.LogFormat == "json" {
		logFlags{LogFormat: f.LogFormat}.logger(w).Info(what, "url", url) //nolint:sloglint // one of a few constants
		return
	}
	fmt.Fprintf(w, "%s: %s\n", what, url)
}

// ended puts why the program ends into the form of the log.
func (f logFlags) ended(w io.Writer, err error) error {
	if err == nil || f.LogFormat != "json" {
		return err
	}
	f.logger(w).Error("ended", "error", err)
	return exitCode{code: 1}
}
