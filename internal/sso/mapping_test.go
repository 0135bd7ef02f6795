package sso

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
)

// TestMappedValues: what becomes of the values of one attribute, and what the
// evidence says of it.
func TestMappedValues(t *testing.T) {
	t.Parallel()
	missing, invalid := model.CodeAttributeMissing, model.CodeUsernameInvalid
	long := strings.Repeat("x", 4096)
	for name, c := range map[string]struct {
		field    string
		values   []string // nil: not sent
		required bool
		want     []string
		code     model.Code
		state    model.CheckState
	}{
		"a value":                  {"email", []string{"a@b.c"}, true, []string{"a@b.c"}, "", model.CheckPassed},
		"a value with blanks":      {"first_name", []string{" Ana \n"}, false, []string{"Ana"}, "", model.CheckPassed},
		"not sent, required":       {"email", nil, true, nil, missing, model.CheckFailed},
		"not sent, not required":   {"first_name", nil, false, nil, "", model.CheckSkipped},
		"empty, required":          {"external_id", []string{"", " "}, true, nil, missing, model.CheckFailed},
		"empty, not required":      {"last_name", []string{""}, false, nil, "", model.CheckSkipped},
		"one beside an empty one":  {"last_name", []string{"", "Lee"}, false, []string{"Lee"}, "", model.CheckPassed},
		"two":                      {"first_name", []string{"Ana", "Anna"}, false, nil, missing, model.CheckFailed},
		"two usernames":            {"username", []string{"ana", "anna"}, true, nil, missing, model.CheckFailed},
		"several groups":           {"aws_groups", []string{"g1", "", " g2"}, false, []string{"g1", "g2"}, "", model.CheckPassed},
		"the longest":              {"first_name", []string{long}, false, []string{long[:model.MaxPersonName]}, "", model.CheckPassed},
		"a control character":      {"last_name", []string{"Li\vma"}, false, []string{"Li ma"}, "", model.CheckPassed},
		"the longest name here":    {"last_name", []string{long[:255]}, false, []string{long[:255]}, "", model.CheckPassed},
		"one byte longer":          {"first_name", []string{long + "x"}, false, nil, missing, model.CheckFailed},
		"long groups":              {"aws_groups", []string{long, long}, false, []string{long, long}, "", model.CheckPassed},
		"an email that is none":    {"email", []string{"nobody"}, true, nil, missing, model.CheckFailed},
		"a name that is no email":  {"first_name", []string{"nobody"}, false, []string{"nobody"}, "", model.CheckPassed},
		"a stable id":              {"external_id", []string{"64d8"}, true, []string{"64d8"}, "", model.CheckPassed},
		"a stable id with a mark":  {"external_id", []string{"64\u200bd8"}, true, nil, missing, model.CheckFailed},
		"a stable id, Kelvin sign": {"external_id", []string{"6\u212ad8"}, true, nil, invalid, model.CheckFailed},
		"a username, Kelvin sign":  {"username", []string{"\u212aate"}, true, nil, invalid, model.CheckFailed},
		"the second, Kelvin sign":  {"username", []string{"ana", "\u212aate"}, true, nil, invalid, model.CheckFailed},
		"a name, Kelvin sign":      {"first_name", []string{"\u212aate"}, false, []string{"Kate"}, "", model.CheckPassed},
	} {
		id := &Identity{NameID: "alice", Attributes: map[string][]string{"other": {"1"}}}
		if c.values != nil {
			id.Attributes["sent"] = c.values
		}
		values, check, refusal := pick(mappedAttribute{c.field, "sent", c.required}, id)
		code := model.Code("")
		if refusal != nil {
			code = refusal.Code
			if refusal.Detail == "" || refusal.Expected == "" || check.Code != code || check.Received != refusal.Received {
				t.Errorf("%s: evidence %+v %+v", name, refusal, check)
			}
		}
		if cut := len(c.want) == 1 && strings.HasSuffix(c.field, "_name") && c.want[0] != model.Canonical(c.values[len(c.values)-1]); cut &&
			!strings.Contains(check.Note, "It is kept as") && !strings.Contains(name, "Kelvin") {
			t.Errorf("%s: nothing in the trace says what was kept: %+v", name, check)
		}
		if !slices.Equal(values, c.want) || code != c.code || check.State != c.state || check.ID != "attribute_"+c.field {
			t.Errorf("%s: %q %q %+v", name, values, code, check)
		}
	}
	if values, check, refusal := pick(mappedAttribute{"username", model.AttributeSubject, true}, &Identity{NameID: "alice"}); refusal != nil ||
		!slices.Equal(values, []string{"alice"}) || check.State != model.CheckPassed || check.Received != "alice" {
		t.Errorf("the subject: %q %+v %+v", values, check, refusal)
	}
	for want, attributes := range map[string]map[string][]string{"no attributes": nil, "a, b, c, d, e, f": {"f": nil, "e": nil, "d": nil,
		"c": nil, "b": nil, "a": {"secret"}}} {
		if got := received(&Identity{Attributes: attributes}); got != want {
			t.Errorf("%v came as %q", attributes, got)
		}
	}
}

// TestMapEveryField: each field from its own attribute, and every failure is
// listed while the first is the reason.
func TestMapEveryField(t *testing.T) {
	t.Parallel()
	cfg := model.DefaultConfig("x")
	cfg.Attributes = model.AttributeMap{Username: "u", Email: "e", FirstName: "f", LastName: "l", ExternalID: "x", AWSGroups: "g"}
	id := &Identity{NameID: "n", Issuer: "i", Attributes: map[string][]string{"u": {"ana"}, "e": {"a@b.c"}, "f": {"Ana"}, "l": {"Lee"},
		"x": {"id"}, "g": {"g1", "g2"}}}
	p, checks, refusal := MapAttributes(cfg, id)
	if refusal != nil || p.Username != "ana" || p.Email != "a@b.c" || p.FirstName != "Ana" || p.LastName != "Lee" || p.ExternalID != "id" ||
		!slices.Equal(p.AWSGroups, []string{"g1", "g2"}) || !p.AWSGroupsSent || p.NameID != "n" || p.IdPEntityID != "i" {
		t.Errorf("%+v %+v", p, refusal)
	}
	if len(checks) != 7 || checks[6].ID != "username" || checks[6].Received != "ana" {
		t.Errorf("%+v", checks)
	}
	delete(id.Attributes, "e")
	delete(id.Attributes, "x")
	p, checks, refusal = MapAttributes(cfg, id)
	failed := 0
	for _, c := range checks {
		if c.State == model.CheckFailed {
			failed++
		}
		if c.Title == "" || c.Title == c.ID {
			t.Errorf("%+v", c)
		}
	}
	if refusal == nil || refusal.Expected != "e" || failed != 2 || p.Username != "ana" {
		t.Errorf("%+v, %d failed, %+v", refusal, failed, p)
	}
	id.Attributes = map[string][]string{"u": {"ana lee"}, "e": {"a@b.c"}, "x": {"id"}, "g": {}}
	p, checks, refusal = MapAttributes(cfg, id)
	if last := checks[len(checks)-1]; refusal == nil || refusal.Code != model.CodeUsernameInvalid || refusal.Received != "ana lee" ||
		last.ID != "username" || last.State != model.CheckFailed {
		t.Errorf("%+v %+v", refusal, checks)
	}
	if !p.AWSGroupsSent || len(p.AWSGroups) > 0 {
		t.Errorf("an empty list of groups is one: %+v", p)
	}
	cfg.Attributes = model.AttributeMap{Username: "u"}
	if p, checks, refusal = MapAttributes(cfg, &Identity{Attributes: map[string][]string{"u": {"ana"}}}); refusal != nil || len(checks) != 2 || p.AWSGroupsSent {
		t.Errorf("what is not mapped is not missed: %+v %+v", checks, refusal)
	}
}

// TestPreviewUsername: pattern, domain, case, in that order.
func TestPreviewUsername(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule  model.UsernameRule
		value string
		want  string
		bad   bool
	}{
		"as it is":              {model.UsernameRule{}, " Ana@Example.com ", "Ana@Example.com", false},
		"without the domain":    {model.UsernameRule{StripDomain: true}, "ana@b@example.com", "ana@b", false},
		"there is no domain":    {model.UsernameRule{StripDomain: true}, "ana", "ana", false},
		"nothing but a domain":  {model.UsernameRule{StripDomain: true}, "@example.com", "", true},
		"in small letters":      {model.UsernameRule{Lowercase: true}, "ANA", "ana", false},
		"nothing to replace":    {model.UsernameRule{Replace: "x"}, "ana", "ana", false},
		"replaced":              {model.UsernameRule{Pattern: `^CORP\\(.*)$`, Replace: "$1.x"}, `CORP\Ana`, "Ana.x", false},
		"all of it":             {model.UsernameRule{Pattern: `^.*\\`, StripDomain: true, Lowercase: true}, `CORP\Ana@example.com`, "ana", false},
		"blank at the end":      {model.UsernameRule{Pattern: `x$`, Replace: " "}, "anax", "ana", false},
		"a pattern with a hole": {model.UsernameRule{Pattern: `(`}, "ana", "ana", true},
		"empty":                 {model.UsernameRule{}, "", "", true},
	} {
		got, err := PreviewUsername(c.rule, c.value)
		if got != c.want || (err != nil) != c.bad {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
