package tools

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// layouts are the ways of writing a time that people read.
var layouts = regexp.MustCompile(`\.Format\("[^"]*(Jan|2006|15:04)|DateOnly|RFC3339\b|RFC1123|Kitchen`)

// machineTimes are the files in which a time is written for a machine, or to be
// typed again, and why.
var machineTimes = map[string]string{
	"internal/model/times.go":       "the one place for people",
	"templates/ui/time.templ":       "the attribute datetime",
	"templates/logins/login.templ":  "tenths of seconds between the steps of one login",
	"web/audit/export.go":           "the name of a file",
	"web/logins/export.go":          "the name of a file",
	"web/jobs/room.go":              "the name of a file",
	"web/people/users_import.go":    "the name of a file",
	"web/kit/export.go":             "a column of a CSV file",
	"web/people/leavers.go":         "a column of a CSV file",
	"web/people/pins.go":            "a day as it is typed",
	"web/kit/days.go":               "a day as it is typed",
	"web/kit/readiness.go":          "what readyz answers",
	"web/overview/chart.go":         "the key of a day",
	"web/logins/inspector.go":       "a time as it is typed",
	"web/warnings/calendar.go":      "a calendar file",
	"internal/model/login.go":       "a check, beside the times of the message",
	"internal/sso/metadata_text.go": "metadata",
	"internal/sso/judge_times.go":   "the times of the message",

	"internal/directory/ldap/vendor.go":  "a date beside the directory's own value",
	"internal/directory/scim/answers.go": "the answers of SCIM",
}

// A time has one form wherever people read it: model.Day and its neighbors, or the
// components of templates/ui that use them.
func TestTimesHaveOneForm(t *testing.T) {
	t.Parallel()
	for _, root := range []string{"templates", "web", "internal/model", "internal/health", "internal/sso", "internal/provision", "internal/directory",
		"internal/forecast", "internal/wizard", "internal/configdoc"} {
		err := filepath.WalkDir(filepath.Join("..", root), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, "_templ.go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "webtest") ||
				!strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, ".templ") {
				return err
			}
			name := filepath.ToSlash(strings.TrimPrefix(path, "../"))
			if machineTimes[name] != "" {
				return nil
			}
			data, err := os.ReadFile(path)
			for i, line := range strings.Split(string(data), "\n") {
				if layouts.MatchString(line) {
					t.Errorf("%s:%d writes a time in a form of its own: %s", name, i+1, strings.TrimSpace(line))
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
