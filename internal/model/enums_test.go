package model_test

import (
	"slices"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sourcetest"
)

func words[T ~string](values []T) []string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	return texts
}

// A list of all values of a type has each constant once, in the same order. One
// that is missing would be in no filter, no help page and no choice.
func TestListsHaveEveryConstant(t *testing.T) {
	t.Parallel()
	for typeName, list := range map[string][]string{
		"Code":     words(model.Codes),
		"RuleKind": words(model.RuleKinds()),
		"JobKind":  words(model.JobKinds()),
	} {
		if want := sourcetest.Constants(t, "internal/model", typeName); !slices.Equal(list, want) {
			t.Errorf("the list of %s has\n%v\nthe constants are\n%v", typeName, list, want)
		}
	}
}
