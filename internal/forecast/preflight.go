package forecast

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// examplesShown is how many people of a kind a preflight names; the download
// has all of them.
const examplesShown = 20

// Each tells for everybody known how their next login ends today and
// how it would under next. Without a revision that is live today, nobody gets
// in today.
func (lf Forecasts) Each(ctx context.Context, c model.Connection, next *model.Revision, f func(Forecast) error) error {
	then, err := lf.forecaster(c.Slug, next)
	if err != nil {
		return err
	}
	if then.rules, err = lf.Store.Rules(ctx); err != nil {
		return err
	}
	var today *forecaster
	if c.Live != nil && c.Status == model.StatusLive {
		if today, err = lf.forecaster(c.Slug, c.Live); err != nil {
			today = nil // nobody gets in with metadata that cannot be used
		} else {
			today.rules = then.rules
		}
	}
	query := store.KnownPeopleQuery{Connection: c.Slug, Links: true, Memberships: true}
	return lf.Store.EachKnownPerson(ctx, query, func(people []store.KnownPerson) error {
		others, err := lf.others(ctx, query, people, today, then)
		if err != nil {
			return err
		}
		for _, k := range people {
			if err := f(between(k, today, then, others)); err != nil {
				return err
			}
		}
		return nil
	})
}

// between is what somebody's next login is today, and what it is then. Who is not
// let in today has what they have.
func between(k store.KnownPerson, today, then *forecaster, n others) Forecast {
	v := Forecast{User: k.User, Today: Outlook{Kind: OutlookRefused, Code: model.CodeConnectionNotLive}}
	var before, after []string
	if today != nil {
		v.Today, before = today.ending(k, n.of(today, k))
	}
	if !v.Today.In() {
		for _, m := range k.Memberships {
			before = append(before, m.Group)
		}
	}
	if v.Then, after = then.ending(k, n.of(then, k)); v.Then.In() && v.Then.Kind != OutlookCreated {
		v.Gains, v.Loses = lacking(before, after), lacking(after, before)
	}
	return v
}

// lacking are those of all that some has not.
func lacking(some, all []string) []string {
	var rest []string
	for _, v := range all {
		if !slices.Contains(some, v) {
			rest = append(rest, v)
		}
	}
	return rest
}

// others are people whom logins find beside those who come.
type others struct {
	byName     map[string]*store.KnownPerson // by the key of the username
	byStableID map[string]store.KnownPerson
}

func (o others) of(f *forecaster, k store.KnownPerson) met {
	p, _, _ := f.person(k)
	m := met{namesake: o.byName[model.Key(p.Username)]}
	if holder, ok := o.byStableID[p.ExternalID]; ok {
		m.holder = &holder
	}
	return m
}

// others reads whom logins of some people find, as the forecasters see them: people who
// have their usernames, and people whom AWS's directory knows by their stable ids.
func (lf Forecasts) others(ctx context.Context, q store.KnownPeopleQuery, people []store.KnownPerson, forecasters ...*forecaster) (others, error) {
	found := others{byName: map[string]*store.KnownPerson{}}
	for i, k := range people {
		found.byName[model.Key(k.User.Username)] = &people[i]
	}
	var names, ids []string
	for _, f := range forecasters {
		for _, k := range people {
			if f == nil {
				continue
			}
			p, _, _ := f.person(k)
			if _, ok := found.byName[model.Key(p.Username)]; !ok && p.Username != "" {
				names = append(names, p.Username)
			}
			if p.ExternalID != "" && p.ExternalID != k.SourceID && f.own(k) == nil {
				ids = append(ids, p.ExternalID)
			}
		}
	}
	var err error
	if len(ids) > 0 {
		if found.byStableID, err = lf.Store.KnownByStableID(ctx, q, ids); err != nil {
			return found, err
		}
	}
	if len(names) == 0 {
		return found, nil
	}
	more, err := lf.Store.KnownPeople(ctx, q, names)
	for i, k := range more {
		found.byName[model.Key(k.User.Username)] = &more[i]
	}
	return found, err
}

// Preflight sums up who gets in under next, who can today and could not then, and
// whom the next login changes.
func (lf Forecasts) Preflight(ctx context.Context, c model.Connection, next *model.Revision) (*Preflight, error) {
	type ending struct {
		outlook Outlook
		renames bool
	}
	v := &Preflight{}
	kinds := map[ending]*PreflightKind{}
	err := lf.Each(ctx, c, next, func(f Forecast) error {
		v.People++
		if f.Lost() {
			v.Lost.add(f)
		}
		if f.Renames() {
			v.Renamed.add(f)
		}
		if len(f.Gains)+len(f.Loses) > 0 {
			v.Regroup.add(f)
		}
		key := ending{Outlook{Kind: f.Then.Kind, Code: f.Then.Code, Why: f.Then.Why, Assumed: f.Then.Assumed, Links: f.Then.Links}, f.Then.Renamed != ""}
		if kinds[key] == nil {
			kinds[key] = &PreflightKind{Outlook: key.outlook, Renames: key.renames}
		}
		kinds[key].add(f)
		return nil
	})
	if err == nil && v.Renamed.Count+v.Regroup.Count > 0 {
		v.Apps, err = lf.AppNames(ctx, c.Slug)
	}
	if err != nil {
		return nil, err
	}
	for _, kind := range kinds {
		v.Kinds = append(v.Kinds, *kind)
	}
	slices.SortFunc(v.Kinds, func(a, b PreflightKind) int {
		return cmp.Or(cmp.Compare(a.Outlook.Order(), b.Outlook.Order()), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Outlook.Code, b.Outlook.Code),
			cmp.Compare(a.Outlook.Why, b.Outlook.Why), strings.Compare(kindKey(a), kindKey(b)))
	})
	return v, nil
}

func kindKey(k PreflightKind) string {
	return fmt.Sprint(k.Renames, k.Outlook.Links, k.Outlook.Assumed)
}

// AppNames are the names of the apps that hear of who signs in through a
// connection: those whose people may, and those that read the directory.
func (lf Forecasts) AppNames(ctx context.Context, connection string) ([]string, error) {
	apps, err := lf.Store.Apps(ctx)
	var names []string
	for _, a := range apps {
		if a.Kind == model.AppCrowd || a.Connection == "" || a.Connection == connection {
			names = append(names, a.Name)
		}
	}
	return names, err
}
