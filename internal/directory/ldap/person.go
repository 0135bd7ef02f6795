package ldap

import (
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// ruleAttributes are what rules may ask about, beside what a person's fields are of.
var ruleAttributes = []string{"title", "department", "departmentNumber", "division", "employeeType", "businessCategory", "company", "o", "ou", "l", "st", "c",
	"co", "physicalDeliveryOfficeName"}

// Bounds of one attribute for rules, and of a field of a person. What is longer is
// no name, and is refused by the planner in its own words.
const (
	maxRuleValues = 20
	maxRuleValue  = 256  // characters
	maxField      = 1024 // bytes
)

// odd counts what changes nothing and is worth a remark.
type odd struct{ foreign, usernames, emails int }

func (o *odd) remarks(s *session) {
	if o.foreign > 0 {
		s.remark(model.Count(o.foreign, "person has", "people have") + " bytes in their names that are not UTF-8. They were read as Latin-1.")
	}
	if o.usernames > 0 {
		s.remark(model.Count(o.usernames, "person has", "people have") + " several values of " + s.layout.username +
			", none of them in their distinguished name. The first one of the alphabet counts.")
	}
	if o.emails > 0 {
		s.remark(model.Count(o.emails, "person has", "people have") + " several values of " + strings.Join(s.layout.email, " or ") +
			", which have no order. The first one of the alphabet counts.")
	}
}

// personAttributes are what is asked for of people. Operational ones come only by name.
func (s *session) personAttributes() []string {
	l := s.layout
	names := []string{s.personID(), l.username, l.primary, "uid"}
	if l.foreign != "" {
		names = append(names, l.foreign, "objectSid", "proxyAddresses")
	}
	for _, more := range [][]string{l.email, l.first, l.last, l.display, l.status, ruleAttributes} {
		names = append(names, more...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// person is an entry as a person. What the directory has no value for it says nothing
// about. Whether somebody is disabled it says, where the account may see that.
func (s *session) person(e entry, o *odd) model.SourcePerson {
	l := s.layout
	p := model.SourcePerson{StableID: id(s.personID(), e.raw(s.personID())), Says: model.SaysActive, Attributes: map[string][]string{}}
	if l.foreign != "" {
		if foreign := id(l.foreign, e.raw(l.foreign)); foreign != "" {
			p.ForeignIDs = []string{foreign}
		}
	}
	named, _ := parseName(e.dn)
	p.Place, _ = text(named.parent)
	p.Username = field(s.username(e, named, o))
	p.Email = field(s.email(e, o))
	p.FirstName, p.LastName, p.DisplayName = field(e.first(l.first...)), field(e.first(l.last...)), field(e.first(l.display...))
	for says, value := range map[model.PersonFields]string{model.SaysUsername: p.Username, model.SaysEmail: p.Email, model.SaysFirstName: p.FirstName,
		model.SaysLastName: p.LastName, model.SaysDisplayName: p.DisplayName} {
		if value != "" {
			p.Says |= says
		}
	}
	p.Why = l.judge(e, s.reader.now())
	p.Enabled = p.Why == ""
	if l.vendor == model.VendorActiveDirectory && e.first("userAccountControl") == "" {
		p.Says &^= model.SaysActive // every account has it: it is not shown to us
	}
	for _, name := range ruleAttributes {
		if values := ruleValues(e, name); len(values) > 0 {
			p.Attributes[name] = values
		}
	}
	if e.foreign(slices.Concat([]string{l.username}, l.first, l.last, l.display)...) {
		o.foreign++
	}
	return p
}

// field cuts what no person's field can be: names that long are refused later, and
// are not kept whole.
func field(s string) string {
	if len(s) > maxField {
		return model.FitText(s, maxField)
	}
	return s
}

// username is the value in the entry's own name, where there are several.
func (s *session) username(e entry, named name, o *odd) string {
	values := e.all(s.layout.username)
	if len(values) < 2 {
		return e.first(s.layout.username)
	}
	for _, p := range named.first {
		in, _ := text(p.value)
		for _, v := range values {
			if strings.EqualFold(p.attribute, s.layout.username) && model.Key(v) == model.Key(in) {
				return v
			}
		}
	}
	o.usernames++
	return slices.Min(values)
}

// email is the only value of the attribute; else Active Directory's primary address.
func (s *session) email(e entry, o *odd) string {
	for _, attribute := range s.layout.email {
		values := e.all(attribute)
		if len(values) > 1 {
			o.emails++
		}
		if len(values) > 0 {
			return slices.Min(values)
		}
	}
	for _, address := range e.all("proxyAddresses") { // capitals mark the primary one
		if primary, ok := strings.CutPrefix(address, "SMTP:"); ok {
			return primary
		}
	}
	return ""
}

// ruleValues are values in one order, whatever the server's is.
func ruleValues(e entry, attribute string) []string {
	values := e.all(attribute)
	slices.Sort(values)
	values = slices.Compact(values)
	values = values[:min(len(values), maxRuleValues)]
	for i, v := range values {
		values[i] = model.FitText(v, maxRuleValue)
	}
	return values
}
