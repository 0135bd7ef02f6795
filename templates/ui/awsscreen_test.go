package ui_test

import (
	"context"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/postern-sso/postern/templates/ui"
)

// A highlighted field can be understood without seeing it: the label, the wrong
// value and the right one are words, and its caption names the figure.
func TestAWSField(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		view ui.AWSFieldView
		want []string
		copy int
	}{
		"wrong value": {
			ui.AWSFieldView{ID: "acs", Crumbs: []string{"Applications", "Edit configuration"}, Label: "Application ACS URL",
				Wrong: "https://sso.example.com/acs", Right: "https://sso.example.com/saml/aws/acs"},
			[]string{"needs another value", "Edit configuration", "Now https://sso.example.com/acs", "Right https://sso.example.com/saml/aws/acs"}, 1,
		},
		"to be empty": {
			ui.AWSFieldView{ID: "start", Label: "Application start URL", Wrong: "https://sso.example.com"},
			[]string{"empty the field “Application start URL”", "leave empty"}, 0,
		},
	} {
		var html strings.Builder
		if err := ui.AWSField(test.view).Render(context.Background(), &html); err != nil {
			t.Fatal(err)
		}
		doc, err := goquery.NewDocumentFromReader(strings.NewReader(html.String()))
		if err != nil {
			t.Fatal(err)
		}
		if n := doc.Find("[data-copy]").Length(); n != test.copy {
			t.Errorf("%s: %d copy buttons, want %d", name, n, test.copy)
		}
		labelledBy, _ := doc.Find("figure").Attr("aria-labelledby")
		if doc.Find("figure > figcaption#"+labelledBy).Length() != 1 {
			t.Errorf("%s: the figure's caption does not name it", name)
		}
		doc.Find("[aria-hidden=true]").Remove()
		said := strings.Join(strings.Fields(doc.Text()), " ")
		for _, want := range test.want {
			if !strings.Contains(said, want) {
				t.Errorf("%s: %q is not said: %s", name, want, said)
			}
		}
	}
}
