package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// Durations have a unit in both forms, and what is below the level is left out.
func TestLogFlags(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{"text": "took=1.5s", "json": `"took":"1.5s"`} {
		var out bytes.Buffer
		log := logFlags{LogFormat: format, LogLevel: "warn"}.logger(&out)
		log.InfoContext(t.Context(), "not this")
		log.WarnContext(t.Context(), "this", "took", 1500*time.Millisecond)
		if got := out.String(); !strings.Contains(got, want) || strings.Contains(got, "not this") {
			t.Errorf("%s: %s", format, got)
		}
	}
	var out bytes.Buffer
	logFlags{LogLevel: "debug"}.logger(&out).DebugContext(t.Context(), "detail")
	logFlags{}.logger(&out).DebugContext(t.Context(), "not asked for")
	if got := out.String(); !strings.Contains(got, "detail") || strings.Contains(got, "not asked for") {
		t.Errorf("at debug: %s", got)
	}
}

// What is printed for whoever starts the program is JSON where the log is, with
// the address as it is, and whatever the level.
func TestSayInTheFormOfTheLog(t *testing.T) {
	t.Parallel()
	var text, lines bytes.Buffer
	const url = "http://localhost:8080/claim?token=a&b"
	logFlags{LogFormat: "text", LogLevel: "error"}.say(&text, "Claim", url)
	logFlags{LogFormat: "json", LogLevel: "error"}.say(&lines, "Claim", url)
	if text.String() != "Claim: "+url+"\n" {
		t.Errorf("as text: %q", text.String())
	}
	var line struct{ Time, Level, Msg, URL string }
	if err := json.Unmarshal(lines.Bytes(), &line); err != nil || line.Msg != "Claim" || line.URL != url || line.Time == "" ||
		!strings.Contains(lines.String(), url) {
		t.Errorf("as JSON: %q, %v", lines.String(), err)
	}
}

// Why it ended is a line of the log, too.
func TestServeEndsInTheFormOfTheLog(t *testing.T) {
	t.Parallel()
	code, out, errs := command(t, "serve", "--log-format", "json", "--listen", "127.0.0.1")
	var line struct{ Level, Msg, Error string }
	if err := json.Unmarshal([]byte(errs), &line); code != 1 || out != "" || err != nil || !strings.Contains(line.Error, "want ADDRESS:PORT") {
		t.Errorf("exit %d, %q, %v", code, errs, err)
	}
}
