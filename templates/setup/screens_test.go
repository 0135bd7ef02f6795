package setup

import (
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/wizard"
)

// Every value that the wizard has for AWS stands on exactly one drawn panel.
func TestPanelsHoldEveryValue(t *testing.T) {
	t.Parallel()
	facts := wizard.Facts{Slug: "aws", PublicURL: "https://sso.example.com", Draft: wizard.Draft{Config: model.DefaultConfig("Example")}}
	values := wizard.AWSValues(facts)
	shown := map[string]int{}
	for _, labels := range [][]string{panelNames, panelProperties, panelMetadata} {
		for _, v := range panel(values, labels) {
			shown[v.Label]++
		}
	}
	for _, v := range values {
		if shown[v.Label] != 1 {
			t.Errorf("%q is drawn %d times, want once", v.Label, shown[v.Label])
		}
	}
	if len(values) == 0 {
		t.Error("the wizard has no values for AWS")
	}
}
