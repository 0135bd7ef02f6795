package sso

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

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
	if err == nil && literal(one(values["username"])) { // a name as good as any, but everybody's
		err = errors.New("is the text of a mapping")
	}
	if err != nil {
		r := unfitUsername(one(values["username"]), username, err)
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
	raw := id.Attributes[m.from]
	var values []string
	for _, v := range raw {
		if v = model.Canonical(v); v != "" {
			values = append(values, v)
		}
	}
	var r *model.Refusal
	switch {
	case (m.field == "username" || m.field == "external_id") && slices.ContainsFunc(raw, func(v string) bool { return !model.Faithful(v) }):
		r = Refuse(model.CauseUsernameAmbiguous, "a value in a Unicode normal form", short(strings.Join(values, ", ")),
			fmt.Sprintf("The attribute %q has a character that turns into another one when it is normalized.", m.from))
	case len(values) == 0 && m.required:
		r = absent(m, id)
	case len(values) == 0:
		return nil, model.Check{ID: checkID, State: model.CheckSkipped, Expected: m.from, Note: "AWS did not send this attribute. That is allowed."}, nil
	case m.field != "aws_groups":
		r = unusable(m, values)
	}
	if r != nil {
		return nil, failed(checkID, r), r
	}
	c := passed(checkID, m.from, short(strings.Join(values, ", ")))
	if fit := model.FitText(one(values), model.MaxPersonName); (m.field == "first_name" || m.field == "last_name") && fit != one(values) {
		c.Note = fmt.Sprintf("What AWS sent %s. It is kept as “%s”.", model.CheckPersonName(one(values)), short(fit))
		values = []string{fit}
	}
	return values, c, nil
}

// absent says why there is no value of a mapped attribute: as far as the answer
// tells, AWS does not send it, spells it otherwise, or has none for the person.
func absent(m mappedAttribute, id *Identity) *model.Refusal {
	raw, sent := id.Attributes[m.from]
	switch {
	case sent && len(raw) == 0:
		return Refuse(model.CauseAttributeNoValue, "a value of "+m.from, "none", fmt.Sprintf("AWS sent the attribute %q without a value.", m.from))
	case sent:
		return Refuse(model.CauseAttributeEmpty, "a value of "+m.from, "an empty one", fmt.Sprintf("AWS sent the attribute %q, but empty.", m.from))
	}
	if near := nearest(m.from, id); near != "" {
		return Refuse(model.CauseAttributeMisspelled, m.from, near, fmt.Sprintf("AWS sent %q where the connection reads %q. Names must match letter for letter.",
			near, m.from))
	}
	return Refuse(model.CauseAttributeAbsent, m.from, "", fmt.Sprintf("AWS did not send the attribute %q. It sent: %s.", m.from, received(id)))
}

// unusable says why the values of an attribute that may have one only cannot be
// used; nil where they can.
func unusable(m mappedAttribute, values []string) *model.Refusal {
	v := values[0]
	refuse := func(cause model.Cause, expected, detail string) *model.Refusal {
		return Refuse(cause, expected, short(v), fmt.Sprintf("The attribute %q %s.", m.from, detail))
	}
	switch {
	case len(values) > 1:
		return Refuse(model.CauseAttributeSeveral, "one value of "+m.from, model.Number(len(values))+" values",
			fmt.Sprintf("AWS sent %s values of the attribute %q, and only one can be used.", model.Number(len(values)), m.from))
	case len(v) > maxValue:
		return Refuse(model.CauseAttributeTooLong, "at most "+model.Number(maxValue)+" bytes", model.Number(len(v))+" bytes",
			fmt.Sprintf("The attribute %q is longer than %s bytes.", m.from, model.Number(maxValue)))
	case m.field == "external_id" && len(v) > model.MaxExternalID:
		return Refuse(model.CauseAttributeTooLong, "at most "+model.Number(model.MaxExternalID)+" bytes", model.Number(len(v))+" bytes",
			fmt.Sprintf("The attribute %q is too long for a stable id.", m.from))
	case m.field == "external_id" && literal(v):
		return refuse(model.CauseAttributeLiteral, "a stable id", "has the text of a mapping for its value")
	case m.field == "external_id" && model.CheckExternalID(v) != nil:
		return refuse(model.CauseAttributeUnusable, "a stable id", model.CheckExternalID(v).Error())
	case m.field == "email" && model.CheckEmail(v) != nil && literal(v):
		return refuse(model.CauseAttributeLiteral, "an email address", "has the text of a mapping for its value")
	case m.field == "email" && utf8.RuneCountInString(v) > model.MaxEmail:
		return Refuse(model.CauseAttributeTooLong, "at most "+model.Number(model.MaxEmail)+" characters", model.Number(utf8.RuneCountInString(v))+" characters",
			fmt.Sprintf("The attribute %q is too long for an email address.", m.from))
	case m.field == "email" && model.CheckEmail(v) != nil:
		return refuse(model.CauseAttributeUnusable, "an email address", model.CheckEmail(v).Error())
	}
	return nil
}

// literal tells whether a value is what somebody typed for a mapping, which AWS
// took for plain text.
func literal(v string) bool {
	v = strings.ToLower(v)
	return strings.Contains(v, "${") || strings.Contains(v, "$(") || strings.HasPrefix(strings.Trim(v, "${}() "), "user:")
}

// nearest is the attribute that came whose name is almost the one that was
// expected: other case, or one letter more, less or otherwise.
func nearest(name string, id *Identity) string {
	for _, n := range slices.Sorted(maps.Keys(id.Attributes)) {
		if strings.EqualFold(strings.TrimSpace(n), name) {
			return n
		}
	}
	if len(name) < 4 {
		return ""
	}
	for _, n := range slices.Sorted(maps.Keys(id.Attributes)) {
		if oneEdit(n, name) {
			return n
		}
	}
	return ""
}

// oneEdit tells whether one letter makes one word of the other.
func oneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	for i := range a {
		if a[i] != b[i] {
			return len(b)-len(a) <= 1 && (a[i:] == b[i+1:] || len(a) == len(b) && a[i+1:] == b[i+1:])
		}
	}
	return len(b)-len(a) == 1
}

// received names the attributes that came.
func received(id *Identity) string {
	if len(id.Attributes) == 0 {
		return "no attributes"
	}
	return short(strings.Join(slices.Sorted(maps.Keys(id.Attributes)), ", "))
}

// unfitUsername is the refusal of a value that makes no username.
func unfitUsername(value, username string, err error) *model.Refusal {
	cause := model.CauseUsernameUnfit
	switch {
	case literal(value):
		cause = model.CauseUsernameLiteral
	case username == "":
		cause = model.CauseUsernameEmpty
	case utf8.RuneCountInString(username) > model.MaxUsername:
		cause = model.CauseUsernameTooLong
	}
	return Refuse(cause, "a username without blanks and invisible characters", short(value), "The username "+err.Error()+".")
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
