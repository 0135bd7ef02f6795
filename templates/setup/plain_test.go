package setup

import (
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/wizard"
)

// Any step of the table can be filled in without a page of its own.
func TestAStepNeedsNoPageOfItsOwn(t *testing.T) {
	t.Parallel()
	flow, err := wizard.Setup()
	if err != nil {
		t.Fatal(err)
	}
	facts := wizard.Facts{Slug: "aws", PublicURL: "https://sso.example.com", Draft: wizard.Draft{Config: model.DefaultConfig("Example")}}
	for _, p := range flow.Progress(facts) {
		f := Frame{Connection: model.Connection{Slug: "aws"}, Step: p.Step, Fields: p.Step.FieldsFor(facts), Rail: flow.Progress(facts)}
		f.Page.Title = p.Step.Title
		page := draw(t, Plain(f))
		if page.Find("h1").Text() != p.Step.Title {
			t.Errorf("%s is headed %q", p.Step.ID, page.Find("h1").Text())
		}
		forms := page.Find("form[action='/setup/aws/" + string(p.Step.ID) + "']")
		if (forms.Length() == 1) != (p.Step.Apply != nil) {
			t.Errorf("%s has %d forms", p.Step.ID, forms.Length())
		}
		for _, field := range f.Fields {
			if field.Kind != wizard.FieldFile && forms.Find("[name='"+field.Name+"']").Length() == 0 {
				t.Errorf("%s does not ask for %s", p.Step.ID, field.Name)
			}
		}
	}
}
