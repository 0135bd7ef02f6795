package model_test

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
)

func TestTextsHaveOneJudge(t *testing.T) {
	t.Parallel()
	for s, good := range map[string]bool{
		"": true, "Zoë O’Neil": true, strings.Repeat("é", 255): true, "李小龍": true,
		strings.Repeat("é", 256): false, "a\vb": false, "a\nb": false, "a\x85b": false, "a\xff": false,
	} {
		if err := model.CheckPersonName(s); (err == nil) != good {
			t.Errorf("%q: %v", s, err)
		}
		fit := model.FitText(s, model.MaxPersonName)
		if model.CheckPersonName(fit) != nil || good && fit != s || model.FitText(fit, model.MaxPersonName) != fit {
			t.Errorf("%q is made to fit as %q", s, fit)
		}
	}
	p := model.Person{FirstName: strings.Repeat("a", 255), LastName: strings.Repeat("b", 255)}
	if model.CheckPersonName(p.DisplayName()) != nil {
		t.Error("two names that are good make a display name that is not")
	}
}
