package configdoc_test

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/configdoc"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sourcetest"
)

// Whatever the program knows as a value can be written in a document.
func TestEveryValueCanBeWritten(t *testing.T) {
	t.Parallel()
	for typeName, key := range map[string]string{
		"Provisioning": "provisioning", "Status": "status", "NameIDFormat": "name_id_format", "SignatureRequirement": "require_signatures",
		"ExistingUsername": "jit: {existing_username",
	} {
		for _, value := range sourcetest.Constants(t, "internal/model", typeName) {
			document := "version: 1\nconnections:\n  - slug: aws\n    " + key + ": " + value + strings.Repeat("}", strings.Count(key, "{")) + "\n"
			if _, problems := configdoc.Parse([]byte(document), readTestdata); len(problems) > 0 {
				t.Errorf("%s %q cannot be written: %v", typeName, value, problems)
			}
		}
	}
}

func TestEveryConditionGoesThroughTheDocument(t *testing.T) {
	t.Parallel()
	for _, kind := range model.RuleKinds() {
		s := full(t)
		s.Rules[0].Kind, s.Rules[0].Value = kind, ""
		if kind != model.RuleAlways {
			s.Rules[0].Value = "x.example.com"
		}
		if kind == model.RuleAttribute {
			s.Rules[0].Attribute = "department"
		}
		if got := planned(t, string(document(t, s)), s); len(got) > 0 {
			t.Errorf("%s comes back as another condition: %v", kind, got)
		}
	}
}
