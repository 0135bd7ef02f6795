package web_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/postern-sso/postern/internal/peertest"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/webtest"
)

// everyFigure is what Prometheus gets of a Postern in which there is one of everything.
func everyFigure(t *testing.T) string {
	t.Helper()
	s := webtest.NewAppSite(t, storetest.OpenPool(t), func(o *kit.Options) { o.Backups = new(kit.Backups) })
	s.SourceOf("corp", 12)
	s.SignIn(t, "user0")
	return s.FiguresText()
}

// families are the names of the figures of Postern's own, each with its labels as in
// postern_logins_total{code,outcome}.
func families(text string) []string {
	var all []string
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (postern_\w+) `).FindAllStringSubmatch(text, -1) {
		sample := regexp.MustCompile(`(?m)^` + m[1] + `(?:_count)?(?:\{(.*)\})? `).FindStringSubmatch(text)
		var labels []string
		for _, l := range regexp.MustCompile(`(\w+)="`).FindAllStringSubmatch(sample[1], -1) {
			labels = append(labels, l[1])
		}
		slices.Sort(labels)
		name := m[1]
		if len(labels) > 0 {
			name += "{" + strings.Join(labels, ",") + "}"
		}
		all = append(all, name)
	}
	return all
}

func fileOf(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{".."}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The table of the guide has every figure with its labels, and no other; what dashboard
// and alerts are about is there.
func TestEveryFigureIsInTheGuide(t *testing.T) {
	t.Parallel()
	figures := families(everyFigure(t))
	if len(figures) < 15 {
		t.Fatalf("there are only %v", figures)
	}
	var told []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(postern_\\w+)(?:\\{([\\w,]+)\\})?`").FindAllStringSubmatch(fileOf(t, "docs", "guide", guideOfFigures), -1) {
		name := m[1]
		if m[2] != "" {
			labels := strings.Split(m[2], ",")
			slices.Sort(labels)
			name += "{" + strings.Join(labels, ",") + "}"
		}
		told = append(told, name)
	}
	slices.Sort(figures)
	slices.Sort(told)
	if !slices.Equal(figures, told) {
		t.Errorf("the figures are\n%s\nand the guide tells of\n%s", strings.Join(figures, "\n"), strings.Join(told, "\n"))
	}
	for _, file := range [][]string{{"deploy", "prometheus", "alerts.yml"}, {"deploy", "grafana", "postern.json"}, {"docs", "configuration.md"}} {
		for _, name := range regexp.MustCompile(`\bpostern_[a-z_]+`).FindAllString(fileOf(t, file...), -1) {
			family := name
			for _, end := range []string{"_bucket", "_sum", "_count"} {
				family = strings.TrimSuffix(family, end)
			}
			if !slices.ContainsFunc(figures, func(f string) bool { return f == family || strings.HasPrefix(f, family+"{") }) {
				t.Errorf("%v is about %s, and there is no such figure", file, name)
			}
		}
	}
}

const guideOfFigures = "27-metrics-traces-logs.md"

// Prometheus's own judge finds nothing against names, units and texts of the figures.
func TestPromtoolTakesTheFigures(t *testing.T) {
	t.Parallel()
	if said, good := peertest.Promtool(t, strings.NewReader(everyFigure(t)), "check", "metrics"); !good || said != "" {
		t.Errorf("promtool says: %s", said)
	}
}

// Each alert fires when it is to, and does not when not.
func TestPromtoolTakesTheAlerts(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "deploy", "prometheus")
	if said, good := peertest.Promtool(t, nil, "check", "rules", filepath.Join(folder, "alerts.yml")); !good {
		t.Errorf("promtool check: %s", said)
	}
	if said, good := peertest.Promtool(t, nil, "test", "rules", filepath.Join(folder, "alerts_test.yml")); !good {
		t.Errorf("promtool test: %s", said)
	}
	var rules struct {
		Groups []struct {
			Rules []struct{ Alert string }
		}
	}
	var tests struct {
		Tests []struct {
			Rules []struct {
				Alert  string `yaml:"alertname"`
				Expect []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	for file, into := range map[string]any{"alerts.yml": &rules, "alerts_test.yml": &tests} {
		if err := yaml.Unmarshal([]byte(fileOf(t, "deploy", "prometheus", file)), into); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	tried := map[string]bool{}
	for _, c := range tests.Tests {
		for _, r := range c.Rules {
			tried[fmt.Sprint(r.Alert, " ", len(r.Expect) > 0)] = true
		}
	}
	guide := fileOf(t, "docs", "guide", guideOfFigures)
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			if !tried[r.Alert+" true"] || !tried[r.Alert+" false"] {
				t.Errorf("%s is not tried both ways", r.Alert)
			}
			if !strings.Contains(guide, "`"+r.Alert+"`") {
				t.Errorf("the guide does not tell of %s", r.Alert)
			}
		}
	}
}

// Prometheus understands what each panel of the dashboard asks.
func TestPromtoolTakesTheDashboard(t *testing.T) {
	t.Parallel()
	var dashboard struct {
		Title  string
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(fileOf(t, "deploy", "grafana", "postern.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	type rule struct {
		Record string `yaml:"record"`
		Expr   string `yaml:"expr"`
	}
	var rules []rule
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			expr := strings.NewReplacer("$__rate_interval", "5m", "$instance", ".*").Replace(target.Expr)
			rules = append(rules, rule{fmt.Sprintf("panel:%d", len(rules)), expr})
		}
	}
	if len(rules) < 20 {
		t.Fatalf("the dashboard asks %d questions only", len(rules))
	}
	text, err := yaml.Marshal(map[string]any{"groups": []any{map[string]any{"name": "dashboard", "rules": rules}}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "dashboard.yml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if said, good := peertest.Promtool(t, nil, "check", "rules", file); !good {
		t.Errorf("promtool says: %s", said)
	}
}
