package ldap

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

// One is what the directory says of one person.
type One = directory.One

// filterLength is how many names one question may ask about.
const filterLength = 50

// ReadOne asks for one person by username or stable id, for a login that waits: it
// takes two seconds at most. Every error is a *directory.ReadError.
func (r *Reader) ReadOne(ctx context.Context, who string) (One, error) {
	waiting := *r
	waiting.patience.operation, waiting.patience.dial = r.patience.login, min(r.patience.dial, r.patience.login)
	ctx, cancel := context.WithTimeoutCause(ctx, r.patience.login, errTime)
	defer cancel()
	if who == "" {
		return One{}, nil
	}
	s, err := waiting.open(ctx)
	if err != nil {
		return One{}, err
	}
	defer s.close()
	what := "reading " + model.FitText(who, maxSaid)
	var found []entry
	err = s.search(ctx, query{what: what, base: s.layout.peopleBase, filter: s.whoFilter(who), attributes: s.personAttributes(), page: 2, first: 2},
		func(e entry) error { found = append(found, e); return nil }, func() {})
	switch {
	case err != nil || len(found) == 0:
		return One{}, err
	case len(found) > 1:
		return One{}, &directory.ReadError{Reason: "two_entries", Remedy: "Choose an attribute that is unique, or a narrower base or filter.",
			Detail: model.UpperFirst(what) + ": the directory has several entries of that name."}
	}
	one := One{Found: true, Person: s.person(found[0], &odd{})}
	one.Groups, err = s.groupsOf(ctx, found[0])
	return one, err
}

// whoFilter finds somebody within the people's filter, which is whole in itself: it
// was compiled alone.
func (s *session) whoFilter(who string) string {
	ids := who
	if raw, ok := guidBytes(strings.ToLower(who)); ok && id(s.personID(), raw) == strings.ToLower(who) {
		ids = raw
	}
	return fmt.Sprintf("(&%s(|(%s=%s)(%s=%s)))", s.layout.people, s.layout.username, ldap.EscapeFilter(who), s.personID(), ldap.EscapeFilter(ids))
}

// groupsOf climbs from a person to the groups that name them, and to those that name
// these.
func (s *session) groupsOf(ctx context.Context, e entry) ([]string, error) {
	ids, visited := []string{}, map[string]bool{}
	level, also := []string{e.dn}, s.alsoFilter(e)
	for depth := 0; depth <= maxNesting && len(level) > 0; depth++ {
		var next []string
		for part := range slices.Chunk(level, filterLength) {
			filter := "(&" + s.layout.groups + "(|" + also
			for _, dn := range part {
				for _, attribute := range memberNames {
					filter += "(" + attribute + "=" + ldap.EscapeFilter(dn) + ")"
				}
			}
			err := s.search(ctx, query{what: "reading groups", base: s.layout.groupsBase, filter: filter + "))",
				attributes: []string{s.layout.id}, page: pageSize}, func(g entry) error {
				if !visited[g.dn] {
					visited[g.dn] = true
					next = append(next, g.dn)
					ids = append(ids, id(s.layout.id, g.raw(s.layout.id)))
				}
				return nil
			}, func() {})
			if err != nil {
				return nil, err
			}
			also = ""
		}
		if level = next; !s.layout.nested {
			break
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// alsoFilter finds the groups that name a person otherwise: by username, or as the
// primary group.
func (s *session) alsoFilter(e entry) (filter string) {
	for _, uid := range e.all("uid") {
		filter += "(memberUid=" + ldap.EscapeFilter(uid) + ")"
	}
	value := e.first(s.layout.primary)
	if s.layout.vendor != model.VendorActiveDirectory {
		if value != "" {
			filter += "(gidNumber=" + ldap.EscapeFilter(value) + ")"
		}
		return filter
	}
	rid, err := strconv.ParseUint(value, 10, 32)
	if raw := []byte(e.raw("objectSid")); err == nil && len(raw) >= 12 {
		binary.LittleEndian.PutUint32(raw[len(raw)-4:], uint32(rid))
		filter += "(objectSid=" + ldap.EscapeFilter(string(raw)) + ")"
	}
	return filter
}
