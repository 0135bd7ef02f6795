package model_test

import (
	"testing"

	"github.com/postern-sso/postern/internal/model"
)

// Two things that identify a person make two people of one name; what a person
// may have changed does not.
func TestTwoPeopleOfOneNameAreToldFromARename(t *testing.T) {
	t.Parallel()
	ana := model.Person{NameID: "Username", Username: "username", Email: "ana@example.com", FirstName: "Ana", LastName: "Lima",
		Attributes: map[string][]string{"email": {"ana@example.com"}, "cost": {"12"}}}
	for name, c := range map[string]struct {
		change func(*model.Person)
		want   model.SamePerson
	}{
		"the same":               {func(*model.Person) {}, model.SameYes},
		"letters in capitals":    {func(p *model.Person) { p.Email = "Ana@Example.com" }, model.SameYes},
		"another email":          {func(p *model.Person) { p.Email = "ana@example.net" }, model.SameUnknown},
		"married":                {func(p *model.Person) { p.Email, p.LastName = "ana.roth@example.com", "Roth" }, model.SameUnknown},
		"corrected names":        {func(p *model.Person) { p.FirstName, p.LastName = "Lima", "Ana" }, model.SameYes},
		"no email any more":      {func(p *model.Person) { p.Email = "" }, model.SameYes},
		"a mapping mended since": {func(p *model.Person) { p.Email, p.FirstName = "x@example.com", "${user:givenName}" }, model.SameUnknown},
		"email and name":         {func(p *model.Person) { p.Email, p.FirstName, p.LastName = "ben@example.com", "Ben", "Ito" }, model.SameNo},
		"a sister":               {func(p *model.Person) { p.Email, p.FirstName = "eva@example.com", "Eva" }, model.SameNo},
		"no name, another attribute": {func(p *model.Person) {
			p.Email, p.FirstName, p.LastName, p.Attributes = "ben@example.com", "", "", map[string][]string{"email": {"ben@example.com"}, "cost": {"40"}}
		}, model.SameNo},
	} {
		other := ana
		c.change(&other)
		if got, back := ana.Compare(other), other.Compare(ana); got != c.want || back != c.want {
			t.Errorf("%s: %q and back %q, want %q", name, got, back, c.want)
		}
	}
	ids := model.Person{NameID: "a", ExternalID: "1", Email: "a@example.com"}
	if got := ids.Compare(model.Person{NameID: "a", ExternalID: "2", Email: "b@example.com"}); got != model.SameNo {
		t.Errorf("another stable id and email: %q", got)
	}
	if got := ids.Compare(model.Person{NameID: "b", ExternalID: "1", Email: "b@example.com"}); got != model.SameUnknown {
		t.Errorf("renamed, with the stable id: %q", got)
	}
}
