package setup_test

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/web/webtest"
)

// The links lead to the region that is known: from the metadata, else the one
// that the administrator chose, else to AWS's general address.
func TestLinksToAWSFollowTheRegion(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepAttributes) // its metadata is of us-east-1
	link := func(path string) string {
		return s.Get(path).Doc.Find(`a[target=_blank][href*="singlesignon"]`).AttrOr("href", "")
	}
	for path, want := range map[string]string{
		"/setup/aws/attributes":                         "https://us-east-1.console.aws.amazon.com/",
		"/setup/aws/aws-application?region=eu-west-1":   "https://us-east-1.console.aws.amazon.com/",
		"/setup/aws/attributes?region=evil.example/x-1": "https://us-east-1.console.aws.amazon.com/",
	} {
		if got := link(path); !strings.HasPrefix(got, want) {
			t.Errorf("%s leads to %q, want %s", path, got, want)
		}
	}
	s = webtest.NewSetupAt(t, wizard.StepAWSApplication)
	for path, want := range map[string]string{
		"/setup/aws/aws-application":                         "https://console.aws.amazon.com/",
		"/setup/aws/aws-application?region=eu-west-1":        "https://eu-west-1.console.aws.amazon.com/",
		"/setup/aws/aws-application?region=evil.example/x-1": "https://console.aws.amazon.com/",
	} {
		if got := link(path); !strings.HasPrefix(got, want) {
			t.Errorf("%s leads to %q, want %s", path, got, want)
		}
	}
}
