package ldap

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

// memberNames are attributes with the names of members.
var memberNames = []string{"member", "uniqueMember"}

// maxMembers is how many members one group may have.
const maxMembers = 2_000_000

func (s *session) groupAttributes() []string {
	names := slices.Concat(memberNames, []string{s.layout.id, s.layout.groupName, "description", "memberUid"})
	if s.layout.vendor == model.VendorActiveDirectory {
		return append(names, "objectSid")
	}
	return append(names, "gidNumber")
}

// group is a group that was read, its members not yet counted together.
type group struct {
	out    model.SourceGroup
	people []int32  // members that are people
	others []string // names of members that are not: groups, and what was not read
}

// groups are those that were read.
type groups struct {
	all   []group
	names names
}

func newGroups() *groups { return &groups{names: newNames()} }

func (g *groups) add(ctx context.Context, s *session, p *people, e entry) error {
	if !g.names.add(e.dn, len(g.all)) {
		return twice("reading groups", e.dn)
	}
	members, err := s.members(ctx, e)
	if err != nil {
		return err
	}
	made := group{out: s.group(e), people: slices.Clone(p.primary[s.groupNumber(e)])}
	for _, dn := range members {
		if at, ok := p.names.find(dn); ok {
			made.people = append(made.people, at)
		} else {
			made.others = append(made.others, strings.Clone(dn))
		}
	}
	for _, uid := range e.all("memberUid") {
		if at, ok := p.uids[model.Key(uid)]; ok {
			made.people = append(made.people, at)
		}
	}
	g.all = append(g.all, made)
	return nil
}

// group is an entry as a group, without members.
func (s *session) group(e entry) model.SourceGroup {
	named, _ := parseName(e.dn)
	place, _ := text(named.parent)
	return model.SourceGroup{StableID: id(s.layout.id, e.raw(s.layout.id)), Name: field(e.first(s.layout.groupName)),
		Description: model.FitText(e.first("description"), model.MaxDescription), Place: place}
}

// numbered is a value of uniqueMember with its number: RFC 4517, section 3.3.21.
var numbered = regexp.MustCompile(`#'[01]*'B$`)

// members are the names of all members. Active Directory gives a long list in parts.
func (s *session) members(ctx context.Context, e entry) ([]string, error) {
	var all []string
	for _, attribute := range memberNames {
		all = append(all, e.values[strings.ToLower(attribute)]...)
		more, err := s.ranges(ctx, e, attribute)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	for i, dn := range all {
		all[i] = numbered.ReplaceAllString(dn, "")
	}
	return all, nil
}

// ranges reads what an entry gives as "member;range=0-1499" to its end, "-*".
// Source: MS-ADTS 3.1.1.3.1.3.3.
func (s *session) ranges(ctx context.Context, e entry, attribute string) ([]string, error) {
	part, next, ok := rangeOf(e, attribute)
	all := part
	for asked := 0; ok && next != 0; {
		if next <= asked || len(all) > maxMembers {
			return nil, rangeBroken(e.dn)
		}
		asked = next
		request := ldap.NewSearchRequest(e.dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)",
			[]string{attribute + ";range=" + strconv.Itoa(next) + "-*"}, nil)
		result, err := s.ask(ctx, request)
		if err != nil {
			return nil, s.failed("reading the members of "+shown(e.dn), err)
		}
		if len(result.Entries) != 1 {
			return nil, rangeBroken(e.dn)
		}
		if part, next, ok = rangeOf(newEntry(result.Entries[0]), attribute); !ok {
			return nil, rangeBroken(e.dn)
		}
		all = append(all, part...)
	}
	return all, nil
}

func rangeBroken(dn string) error {
	return &directory.ReadError{Reason: "range_cut_off", Incomplete: true, Remedy: "The next run reads all again. Look into the server's log.",
		Detail: fmt.Sprintf("Reading the members of %s: the server gives the list in parts and left one out.", shown(dn))}
}

// rangeOf finds a part of a list: where the next begins, and zero where it was the last.
func rangeOf(e entry, attribute string) (values []string, next int, ok bool) {
	prefix := strings.ToLower(attribute) + ";range="
	for name, values := range e.values {
		bounds, found := strings.CutPrefix(name, prefix)
		if !found {
			continue
		}
		_, last, _ := strings.Cut(bounds, "-")
		if last == "*" {
			return values, 0, true
		}
		n, err := strconv.Atoi(last)
		if err != nil || n < 0 || n > maxMembers {
			return nil, -1, true // never larger than what was asked: broken
		}
		return values, n + 1, true
	}
	return nil, 0, false
}

func shown(dn string) string {
	dn, _ = text(dn)
	return "“" + model.FitText(dn, maxSaid) + "”"
}
