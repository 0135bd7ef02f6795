package awssim

import (
	"slices"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sourcetest"
)

// Every fault has its switch, and provokes a reason that Postern knows.
func TestEveryFaultIsInTheTable(t *testing.T) {
	t.Parallel()
	var listed []string
	for _, f := range Faults() {
		listed = append(listed, string(f.Fault))
		if f.Title == "" || f.Sentence == "" {
			t.Errorf("%s: %+v", f.Fault, f)
		}
		if f.Code != "" && !slices.Contains(model.Codes, model.Code(f.Code)) {
			t.Errorf("%s provokes %q, which is no reason", f.Fault, f.Code)
		}
	}
	constants := sourcetest.Constants(t, "internal/awssim", "Fault")
	slices.Sort(constants)
	slices.Sort(listed)
	if !slices.Equal(listed, constants) {
		t.Errorf("the table has\n%v\nthe constants are\n%v", listed, constants)
	}
}
