package sso

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

const maxValue = 4096 // of one attribute value, in bytes

type mappedAttribute struct {
	field    string // as in the configuration document
	from     string // the AWS attribute, or "subject"
	required bool
}

// mappedAttributes lists what a connection maps. AWS leaves out what a person
// does not have, so nobody is locked out for lacking a last name or groups.
func mappedAttributes(a model.AttributeMap) []mappedAttribute {
	all := []mappedAttribute{
		{"username", a.Username, true}, {"email", a.Email, true}, {"first_name", a.FirstName, false},
		{"last_name", a.LastName, false}, {"external_id", a.ExternalID, true}, {"aws_groups", a.AWSGroups, false},
	}
	mapped := all[:0]
	for _, m := range all {
		if m.from != "" {
			mapped = append(mapped, m)
		}
	}
	return mapped
}

// MapAttributes turns what AWS said into a person, by the connection's table.
func MapAttributes(cfg model.Config, id *Identity) (model.Person, []model.Check, *model.Refusal) {
	p := model.Person{IdPEntityID: id.Issuer, NameID: id.NameID, Attributes: id.Attributes}
	var checks []model.Check
	var first *model.Refusal
	values := map[string][]string{}
	for _, m := range mappedAttributes(cfg.Attributes) {
		v, check, refusal := pick(m, id)
		checks = append(checks, check)
		if first == nil {
			first = refusal
		}
		values[m.field] = v
		if m.field == "aws_groups" {
			_, p.AWSGroupsSent = id.Attributes[m.from]
		}
	}
	p.Email, p.FirstName, p.LastName = one(values["email"]), one(values["first_name"]), one(values["last_name"])
	p.ExternalID, p.AWSGroups = one(values["external_id"]), values["aws_groups"]
	if first != nil {
		p.Username = model.Canonical(one(values["username"]))
		return p, titled(checks), first
	}
	username, err := PreviewUsername(cfg.Username, one(values["username"]))
	p.Username = username
	if err != nil {
		r := &model.Refusal{Code: model.CodeUsernameInvalid, Expected: "a username without blanks and invisible characters",
			Received: short(one(values["username"])), Detail: "The username " + err.Error() + "."}
		return p, titled(append(checks, failed("username", r))), r
	}
	return p, titled(append(checks, passed("username", "", username))), nil
}

func one(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// pick takes the values of one mapped attribute.
func pick(m mappedAttribute, id *Identity) ([]string, model.Check, *model.Refusal) {
	checkID := "attribute_" + m.field
	if m.from == model.AttributeSubject {
		return []string{id.NameID}, passed(checkID, "the subject", id.NameID), nil
	}
	var values []string
	for _, v := range id.Attributes[m.from] {
		if v = model.Canonical(v); v != "" {
			values = append(values, v)
		}
	}
	missing := func(detail string) ([]string, model.Check, *model.Refusal) {
		r := &model.Refusal{Code: model.CodeAttributeMissing, Expected: m.from, Received: received(id), Detail: detail}
		return nil, failed(checkID, r), r
	}
	switch {
	case (m.field == "username" || m.field == "external_id") && slices.ContainsFunc(id.Attributes[m.from], func(v string) bool { return !model.Faithful(v) }):
		r := &model.Refusal{Code: model.CodeUsernameInvalid, Expected: "a value in a Unicode normal form", Received: short(strings.Join(values, ", ")),
			Detail: fmt.Sprintf("The attribute %q has a character that turns into another one when it is normalized.", m.from)}
		return nil, failed(checkID, r), r
	case len(values) == 0 && m.required:
		return missing(fmt.Sprintf("AWS did not send the attribute %q. In AWS: Actions → Edit attribute mappings, add a row “%s”. Names must "+
			"match letter for letter.", m.from, m.from))
	case len(values) == 0:
		return nil, model.Check{ID: checkID, State: model.CheckSkipped, Expected: m.from, Note: "AWS did not send this attribute. That is allowed."}, nil
	case m.field != "aws_groups" && len(values) > 1:
		return missing(fmt.Sprintf("AWS sent %d values of the attribute %q, and only one can be used.", len(values), m.from))
	case len(strings.Join(values, "")) > maxValue && m.field != "aws_groups":
		return missing(fmt.Sprintf("The attribute %q is longer than %d bytes.", m.from, maxValue))
	case m.field == "external_id" && model.CheckExternalID(values[0]) != nil:
		r := &model.Refusal{Code: model.CodeAttributeMissing, Expected: "a stable id", Received: short(values[0]),
			Detail: fmt.Sprintf("The attribute %q %s.", m.from, model.CheckExternalID(values[0]))}
		return nil, failed(checkID, r), r
	case m.field == "email" && model.CheckEmail(values[0]) != nil:
		r := &model.Refusal{Code: model.CodeAttributeMissing, Expected: "an email address", Received: short(values[0]),
			Detail: fmt.Sprintf("AWS sent the attribute %q, but it is not an email address.", m.from)}
		return nil, failed(checkID, r), r
	}
	return values, passed(checkID, m.from, short(strings.Join(values, ", "))), nil
}

// received names the attributes that came, for comparison with the one that
// did not.
func received(id *Identity) string {
	if len(id.Attributes) == 0 {
		return "no attributes"
	}
	var names []string
	for name := range id.Attributes {
		names = append(names, name)
	}
	slices.Sort(names)
	return short(strings.Join(names, ", "))
}

// PreviewUsername applies the username rule: pattern, domain, case. The error
// says what is wrong with the result, which is returned all the same.
func PreviewUsername(rule model.UsernameRule, value string) (string, error) {
	name := model.Canonical(value)
	if rule.Pattern != "" {
		re, err := regexp.Compile(rule.Pattern)
		if err != nil {
			return name, fmt.Errorf("cannot be made: the pattern cannot be read")
		}
		name = re.ReplaceAllString(name, rule.Replace)
	}
	if at := strings.LastIndexByte(name, '@'); rule.StripDomain && at >= 0 {
		name = name[:at]
	}
	if rule.Lowercase {
		name = strings.ToLower(name)
	}
	name = model.Canonical(name)
	return name, model.CheckUsername(name)
}
