package webtest

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
)

// Figures are what Prometheus is told: each series with its value.
func (s *Site) Figures() map[string]float64 {
	s.T.Helper()
	all := map[string]float64{}
	for line := range strings.Lines(s.FiguresText()) {
		at := strings.LastIndexByte(line, ' ')
		if line[0] == '#' || at < 0 {
			continue
		}
		value, err := strconv.ParseFloat(strings.TrimSpace(line[at:]), 64)
		if err != nil {
			s.T.Fatalf("a figure: %q: %v", line, err)
		}
		all[line[:at]] = value
	}
	return all
}

// FiguresText is the same as Prometheus gets it.
func (s *Site) FiguresText() string {
	s.T.Helper()
	w := httptest.NewRecorder()
	s.Opts.Metrics.Handler().ServeHTTP(w, httptest.NewRequestWithContext(s.T.Context(), http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		s.T.Fatalf("the figures answer %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}
