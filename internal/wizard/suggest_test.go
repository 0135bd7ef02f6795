package wizard_test

import (
	"testing"

	"github.com/postern-sso/postern/internal/wizard"
)

func TestSuggestProvisioning(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name                        string
		directory, everyone, domain string
		want                        string
	}{
		{"nothing answered", "", "", "", ""},
		{"a directory decides, whatever else", "yes", "yes", "no", wizard.ModelDirectory},
		{"no directory is not enough", "no", "", "yes", ""},
		{"everybody may come in", "no", "yes", "", wizard.ModelJIT},
		{"not everybody is not enough", "no", "no", "", ""},
		{"the domain tells", "no", "no", "yes", wizard.ModelJIT},
		{"nothing tells", "no", "no", "no", wizard.ModelManual},
		{"what is neither yes nor no is no answer", "maybe", "yes", "yes", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := wizard.SuggestProvisioning(map[string]string{
				wizard.AskDirectory: c.directory, wizard.AskEveryone: c.everyone, wizard.AskDomain: c.domain,
			})
			if got.Model != c.want || got.Why == "" {
				t.Errorf("got %+v, want %q and a reason", got, c.want)
			}
		})
	}
}
