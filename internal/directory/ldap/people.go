package ldap

import (
	"strings"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

// names finds entries by their distinguished names, however these are written. Most
// servers write a name the same way everywhere, so that is tried first.
type names struct {
	raw  map[string]int32
	keys map[string]int32 // several, where two names are equal here and not on the server
}

const several = -1

func newNames() names { return names{raw: map[string]int32{}, keys: map[string]int32{}} }

// add says whether the name is new, letter by letter.
func (n names) add(dn string, at int) bool {
	if _, ok := n.raw[dn]; ok {
		return false
	}
	n.raw[dn] = int32(at)
	k := key(dn)
	if _, ok := n.keys[k]; ok {
		n.keys[k] = several
	} else {
		n.keys[k] = int32(at)
	}
	return true
}

func (n names) find(dn string) (int32, bool) {
	if at, ok := n.raw[dn]; ok {
		return at, true
	}
	at, ok := n.keys[key(dn)]
	return at, ok && at != several
}

// people are those that were read, and what groups name them by.
type people struct {
	all     []model.SourcePerson
	names   names
	uids    map[string]int32
	primary map[string][]int32 // by SID or number of the primary group
	odd     odd
}

func newPeople() *people {
	return &people{names: newNames(), uids: map[string]int32{}, primary: map[string][]int32{}}
}

// add takes an entry in. One that comes twice says that the order has changed between
// two pages: then another may not have come at all.
func (p *people) add(s *session, e entry) error {
	at := len(p.all)
	if !p.names.add(e.dn, at) {
		return twice("reading people", e.dn)
	}
	p.all = append(p.all, s.person(e, &p.odd))
	for _, uid := range e.all("uid") {
		p.uids[model.Key(uid)] = int32(at)
	}
	if group := s.primaryGroup(e); group != "" {
		p.primary[group] = append(p.primary[group], int32(at))
	}
	return nil
}

func twice(what, dn string) error {
	dn, _ = text(dn)
	return &directory.ReadError{Reason: "pages_inconsistent", Incomplete: true,
		Detail: model.UpperFirst(what) + ": the server sent “" + model.FitText(dn, maxSaid) +
			"” twice. Its order changed between two pages, so others may be missing.",
		Remedy: "The next run reads all again. If it happens in each run, use one server in place of several behind one address."}
}

// primaryGroup is what names somebody's primary group, which is in no list of members:
// in Active Directory a SID in the domain of the person's own, else a number.
func (s *session) primaryGroup(e entry) string {
	value := e.first(s.layout.primary)
	if s.layout.vendor == model.VendorActiveDirectory {
		return inDomain(sid(e.raw("objectSid")), value)
	}
	return value
}

// groupNumber is the same of the group.
func (s *session) groupNumber(e entry) string {
	if s.layout.vendor == model.VendorActiveDirectory {
		return sid(e.raw("objectSid"))
	}
	return strings.TrimSpace(e.first("gidNumber"))
}
