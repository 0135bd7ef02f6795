package sso

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// fieldWords are names of AWS's own fields. Somebody may be called so, but more
// likely one was typed where its variable belongs.
var fieldWords = []string{"username", "user name", "user", "subject", "email", "userid", "user id", "name", "nameid", "preferredusername", "givenname",
	"familyname"}

// JudgeTried is about the person of a test sign-in, by which a connection goes
// live: a name or a stable id that is a word of AWS's form is everybody's, and so
// is any attribute that has the text of a mapping. nil: nothing.
func JudgeTried(p model.Person) *model.Refusal {
	for _, name := range []string{p.NameID, p.Username} {
		if word(name) {
			return Refuse(model.CauseUsernameLiteral, "the name of a person", name, "The name is the word for a field in AWS's form.")
		}
	}
	if word(p.ExternalID) {
		return Refuse(model.CauseAttributeLiteral, "a stable id", p.ExternalID, "The stable id is the word for a field in AWS's form.")
	}
	if name, value := LiteralAttribute(p); name != "" {
		return Refuse(model.CauseAttributeLiteral, "what AWS knows of the person", short(value),
			fmt.Sprintf("The attribute %q has the text of a mapping for its value.", name))
	}
	return nil
}

func word(v string) bool {
	return slices.Contains(fieldWords, strings.ToLower(strings.TrimSpace(v)))
}

// LiteralAttribute is an attribute of a person whose value is AWS's variable as it
// was typed, and that value; empty: none is.
func LiteralAttribute(p model.Person) (name, value string) {
	for _, name := range slices.Sorted(maps.Keys(p.Attributes)) {
		for _, v := range p.Attributes[name] {
			if strings.Contains(strings.ToLower(v), "${user:") {
				return name, v
			}
		}
	}
	return "", ""
}

// JudgeNamesakes is about the person of a test sign-in and those who brought the
// same subject, username or stable id before: somebody else among them would be
// the same user. The check says what was found; nil: nobody else.
func JudgeNamesakes(cfg model.Config, p model.Person, before []model.Person) (model.Check, *model.Refusal) {
	for _, o := range before {
		if p.Compare(o) != model.SameNo {
			continue
		}
		cause, what, value := shared(cfg, p, o)
		if cause == "" {
			continue
		}
		r := Refuse(cause, "a value that "+cmp.Or(o.Calling(), "somebody else")+" does not bring, too", short(value),
			fmt.Sprintf("%s is %s now, and came before for %s.", what, p.Calling(), o.Calling()))
		return titledOne(failed("one_person", r)), r
	}
	return titledOne(passed("one_person", "", p.Username)), nil
}

// shared is what two people have in common by which users are told apart, and the
// row of AWS's mappings that it comes from.
func shared(cfg model.Config, p, o model.Person) (cause model.Cause, what, value string) {
	brought := func(from string) bool {
		values, others := p.Attributes[from], o.Attributes[from]
		return len(values) == 1 && len(others) == 1 && model.Key(values[0]) == model.Key(others[0])
	}
	a := cfg.Attributes
	subject := p.NameID == o.NameID
	switch {
	case a.ExternalID != "" && p.ExternalID != "" && p.ExternalID == o.ExternalID:
		return sharedBy(a.ExternalID, p.ExternalID)
	case subject && (a.Username == model.AttributeSubject || p.ExternalID == "" || o.ExternalID == ""):
		return sharedBy(model.AttributeSubject, p.NameID)
	case a.Username != model.AttributeSubject && brought(a.Username):
		return sharedBy(a.Username, p.Attributes[a.Username][0])
	}
	return "", "", ""
}

func sharedBy(from, value string) (model.Cause, string, string) {
	if from == model.AttributeSubject {
		return model.CauseSubjectShared, "The subject", value
	}
	return model.CauseAttributeShared, fmt.Sprintf("The attribute %q", from), value
}

func titledOne(c model.Check) model.Check {
	c.Title = CheckTitle(c.ID)
	return c
}
