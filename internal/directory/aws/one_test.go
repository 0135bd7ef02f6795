package aws

import (
	"slices"
	"testing"

	"github.com/postern-sso/postern/internal/awssim"
)

func TestOnePersonIsAsAllTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.update(func(c *awssim.Settings) { c.People[1].Disabled, c.People[1].Title = true, "Carpenter" })
	reading, err := w.reader().Read(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range reading.People {
		one, err := w.reader().ReadOne(t.Context(), p.StableID)
		if err != nil || !one.Found {
			t.Fatalf("%s: %+v, %v", p.Username, one, err)
		}
		one.Person.Assigned = p.Assigned // who may use the application is not asked
		if one.Person.Digest() != p.Digest() {
			t.Errorf("%s is %+v, want %+v", p.Username, one.Person, p)
		}
		for _, g := range reading.Groups {
			if slices.Contains(g.Members, p.StableID) && !slices.Contains(one.Groups, g.StableID) {
				t.Errorf("%s is not in %s", p.Username, g.Name)
			}
		}
	}
	for _, who := range []string{"", "0123456789-00000000-0000-0000-0000-000000000000"} {
		if one, err := w.reader().ReadOne(t.Context(), who); err != nil || one.Found {
			t.Errorf("%q: %+v, %v", who, one, err)
		}
	}
}
