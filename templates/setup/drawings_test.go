package setup

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/wizard"
)

func exampleDrawings() Drawings {
	cfg := model.DefaultConfig("Example")
	cfg.Attributes = model.WizardAttributes()
	facts := wizard.Facts{Slug: "aws", PublicURL: "https://sso.example.com", Draft: wizard.Draft{Config: cfg}}
	return Drawings{Slug: "aws", Name: cfg.Name, Values: wizard.AWSValues(facts), Rows: wizard.AWSAttributeRows(cfg), NameIDFormat: cfg.NameIDFormat}
}

func draw(t *testing.T, c templ.Component) *goquery.Document {
	t.Helper()
	var html strings.Builder
	if err := c.Render(context.Background(), &html); err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(html.String()))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// Every value stands in the field with AWS's label and can be copied from
// there; a field that stays empty says so.
func TestApplicationScreensHoldTheValues(t *testing.T) {
	t.Parallel()
	d := exampleDrawings()
	doc := draw(t, applicationScreens(d))
	for _, v := range d.Values {
		field := doc.Find(".aws-field").FilterFunction(func(_ int, f *goquery.Selection) bool {
			return strings.HasSuffix(strings.TrimSpace(f.Find(".aws-label").Text()), v.Label)
		})
		if field.Length() != 1 {
			t.Errorf("%q is drawn %d times, want once", v.Label, field.Length())
			continue
		}
		want := v.Value
		if want == "" {
			want = "leave empty"
		}
		if got := strings.TrimSpace(field.Find(".aws-input").Text()); got != want {
			t.Errorf("%q shows %q, want %q", v.Label, got, want)
		}
		if got := field.Find("[data-copy]").AttrOr("data-copy", ""); got != v.Value {
			t.Errorf("%q copies %q, want %q", v.Label, got, v.Value)
		}
	}
}

// What there is to do is numbered without a gap in the order of the page, and
// every drawing has a caption.
func TestDrawingsAreNumbered(t *testing.T) {
	t.Parallel()
	d := exampleDrawings()
	for name, c := range map[string]templ.Component{
		"application": applicationScreens(d), "attributes": attributeScreens(d), "assign": assignScreens(d),
	} {
		doc := draw(t, c)
		doc.Find(".aws-mark").Each(func(i int, mark *goquery.Selection) {
			if !strings.HasSuffix(mark.Text(), " "+strconv.Itoa(i+1)) {
				t.Errorf("%s: mark %d says %q", name, i+1, mark.Text())
			}
		})
		if doc.Find(".aws-mark").Length() == 0 {
			t.Errorf("%s: nothing is numbered", name)
		}
		doc.Find("figure").Each(func(_ int, f *goquery.Selection) {
			if f.Find("figcaption#"+f.AttrOr("aria-labelledby", "-")).Length() != 1 {
				t.Errorf("%s: figure %q has no caption of its own", name, f.AttrOr("id", ""))
			}
		})
	}
}

// What AWS refuses without a word is named on the screen where it happens.
func TestTrapsAreNamedWhereTheyBite(t *testing.T) {
	t.Parallel()
	d := exampleDrawings()
	d.NameIDFormat = model.NameIDEmail
	d.Rows = wizard.AWSAttributeRows(model.Config{NameIDFormat: model.NameIDEmail, Attributes: model.WizardAttributes()})
	for figure, test := range map[string]struct {
		drawing templ.Component
		said    string
	}{
		"#aws-type":     {applicationScreens(d), "It is for Atlassian Cloud"},
		"#aws-mappings": {attributeScreens(d), "The Format of Subject must be “emailAddress”"},
		"#aws-assign":   {assignScreens(d), "Groups inside groups do not count"},
	} {
		said := strings.Join(strings.Fields(draw(t, test.drawing).Find(figure+" .trap").Text()), " ")
		if !strings.Contains(said, test.said) {
			t.Errorf("%s does not say %q: %s", figure, test.said, said)
		}
	}
	if said := draw(t, whereInAWS(d)).Text(); !strings.Contains(said, "organization instance") {
		t.Errorf("nobody says which instance it must be: %s", said)
	}
}
