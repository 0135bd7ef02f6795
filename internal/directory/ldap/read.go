package ldap

import (
	"context"

	"github.com/postern-sso/postern/internal/model"
)

// Read reads everything. It calls progress, which may be nil, after each page with
// what was read so far.
// It gives a reading only when the server said success to the end; every error is a
// *directory.ReadError.
func (r *Reader) Read(ctx context.Context, progress func(people, groups int)) (model.Reading, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.patience.run, errRunTime)
	defer cancel()
	s, err := r.open(ctx)
	if err != nil {
		return model.Reading{}, err
	}
	defer s.close()
	p, g := newPeople(), newGroups()
	page := func() {
		if progress != nil {
			progress(len(p.all), len(g.all))
		}
	}
	err = s.search(ctx, query{what: "reading people", base: s.layout.peopleBase, filter: s.layout.people, attributes: s.personAttributes(),
		page: pageSize},
		func(e entry) error { return p.add(s, e) }, page)
	if err != nil {
		return model.Reading{}, err
	}
	err = s.search(ctx, query{what: "reading groups", base: s.layout.groupsBase, filter: s.layout.groups, attributes: s.groupAttributes(),
		page: groupPage},
		func(e entry) error { return g.add(ctx, s, p, e) }, page)
	if err != nil {
		return model.Reading{}, err
	}
	p.odd.remarks(s)
	all, err := s.together(p, g, maxMemberships)
	if err != nil {
		return model.Reading{}, err
	}
	return model.Reading{People: p.all, Groups: all, GroupsRead: true, Server: s.server(), Remarks: s.remarks}, nil
}
