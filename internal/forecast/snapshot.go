package forecast

import (
	"context"
	"slices"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// Snapshot is everybody known at one moment: who is active, in which groups, and
// how the next sign-in through each live connection would end. Two of them are
// compared by Compare.
type Snapshot struct {
	order  []string // ids of users, by username
	people map[string]*person
	apps   []model.App
}

type person struct {
	username string
	active   bool
	groups   []string          // by whatever source
	next     map[string]ending // by connection
}

// ending is how a sign-in would end, and the groups that the person has afterwards.
type ending struct {
	Outlook
	groups []string
}

// Take makes a snapshot of what the store says now.
func (lf Forecasts) Take(ctx context.Context) (*Snapshot, error) {
	s := &Snapshot{people: map[string]*person{}}
	var err error
	if s.apps, err = lf.Store.Apps(ctx); err != nil {
		return nil, err
	}
	rules, err := lf.Store.Rules(ctx)
	if err != nil {
		return nil, err
	}
	forecasters, _, err := lf.live(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range forecasters {
		f.rules = rules
		if err := lf.addNext(ctx, s, f); err != nil {
			return nil, err
		}
	}
	if len(forecasters) > 0 {
		return s, nil
	}
	return s, lf.Store.EachKnownPerson(ctx, store.KnownPeopleQuery{Every: true}, func(people []store.KnownPerson) error {
		for _, k := range people {
			s.person(k)
		}
		return nil
	})
}

// person is what the snapshot has of somebody, with what they are now.
func (s *Snapshot) person(k store.KnownPerson) *person {
	p := s.people[k.User.ID]
	if p == nil {
		p = &person{username: k.User.Username, active: k.User.Active, groups: groupsOf(k.Memberships, ""), next: map[string]ending{}}
		s.order, s.people[k.User.ID] = append(s.order, k.User.ID), p
	}
	return p
}

// addNext adds how everybody's next sign-in through one connection would end.
func (lf Forecasts) addNext(ctx context.Context, s *Snapshot, f *forecaster) error {
	query := store.KnownPeopleQuery{Connection: f.slug, Links: true, Every: true}
	return lf.Store.EachKnownPerson(ctx, query, func(people []store.KnownPerson) error {
		others, err := lf.others(ctx, query, people, f)
		if err != nil {
			return err
		}
		for _, k := range people {
			o, given := f.ending(k, others.of(f, k))
			e := ending{Outlook: o}
			if o.In() && o.Kind != OutlookCreated {
				e.groups = union(groupsOf(k.Memberships, f.slug), given)
			}
			s.person(k).next[f.slug] = e
		}
		return nil
	})
}

// groupsOf are the groups of memberships, without those by rules of a connection.
func groupsOf(all []model.Membership, but string) []string {
	var groups []string
	for _, m := range all {
		if m.Source != model.MemberRule || m.Ref != but {
			groups = append(groups, m.Group)
		}
	}
	return union(groups, nil)
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
