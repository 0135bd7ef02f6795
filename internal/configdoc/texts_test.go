package configdoc_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/configdoc"
)

// The document judges texts as forms do, and names the line.
func TestTheDocumentJudgesTexts(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct{ doc, says string }{
		"a name of 900 characters": {"version: 1\nusers:\n  - username: ana\n    display_name: " + strings.Repeat("x", 900) + "\n", "longer than 255 characters"},
		"a vertical tab":           {"version: 1\nusers:\n  - username: ana\n    display_name: \"a\\vb\"\n", "U+000B"},
		"a first name":             {"version: 1\nusers:\n  - username: ana\n    first_name: \"a\\nb\"\n", "U+000A"},
		"a last name":              {"version: 1\nusers:\n  - username: ana\n    last_name: " + strings.Repeat("é", 256) + "\n", "longer than 255 characters"},
		"a description":            {"version: 1\ngroups:\n  - name: staff\n    description: " + strings.Repeat("x", 501) + "\n", "longer than 500 characters"},
	} {
		_, problems := configdoc.Parse([]byte(c.doc), readTestdata)
		if len(problems) != 1 || problems[0].Line != 4 || !strings.Contains(problems[0].Text, c.says) {
			t.Errorf("%s: %v", what, problems)
		}
	}
}

// Whatever texts a database has, also from before they had a judge: its export is
// read, and plans nothing.
func TestAnyExportPlansNothing(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same texts each time
	alphabet := []rune("aZ9 .:#'\"\\-\v\t\n\u0085éß\u0301李\u200b\ufeff😀")
	text := func(most int) string {
		var b strings.Builder
		for range random.IntN(most) {
			b.WriteRune(alphabet[random.IntN(len(alphabet))])
		}
		return b.String()
	}
	for range 300 {
		s := full(t)
		u := &s.Users[0].User
		u.DisplayName, u.FirstName, u.LastName = text(900), text(300), text(20)
		s.Groups[0].Description, s.Apps[0].Name = text(900), "x"+text(200)
		document, err := configdoc.Export(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := planned(t, string(document), s); len(got) != 0 {
			t.Fatalf("%+v %+v %+v plan:\n%s", u, s.Groups[0], s.Apps[0], strings.Join(got, "\n"))
		}
	}
}

// A rule for a domain without a dot, which the form takes, is in the document, too.
func TestTheDocumentTakesTheDomainsOfTheForm(t *testing.T) {
	t.Parallel()
	for domain, good := range map[string]bool{"corp": true, "example.com": true, "*.example.com": false, "@example.com": true, "@": false, "a b": false} {
		_, problems := configdoc.Parse([]byte("version: 1\nrules: [{name: r, connection: aws, groups: [g], when: {email_domain: '"+domain+"'}}]\n"), readTestdata)
		if good != (len(problems) == 0) {
			t.Errorf("%s: %v", domain, problems)
		}
	}
}
