package forecast

import (
	"cmp"
	"context"
	"slices"

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
	var today *forecaster
	if c.Live != nil && c.Status == model.StatusLive {
		if today, err = lf.forecaster(c.Slug, c.Live); err != nil {
			today = nil // nobody gets in with metadata that cannot be used
		}
	}
	query := store.KnownPeopleQuery{Connection: c.Slug, Links: true}
	return lf.Store.EachKnownPerson(ctx, query, func(people []store.KnownPerson) error {
		namesakes, err := lf.namesakes(ctx, query, people, today, then)
		if err != nil {
			return err
		}
		for _, k := range people {
			v := Forecast{User: k.User, Today: Outlook{Kind: OutlookRefused, Code: model.CodeConnectionNotLive}}
			if today != nil {
				v.Today = today.outlook(k, namesakes.of(today, k))
			}
			v.Then = then.outlook(k, namesakes.of(then, k))
			if err := f(v); err != nil {
				return err
			}
		}
		return nil
	})
}

// namesakes are users by the key of their username.
type namesakes map[string]*store.KnownPerson

func (n namesakes) of(f *forecaster, k store.KnownPerson) *store.KnownPerson {
	p, _, _ := f.person(k)
	return n[model.Key(p.Username)]
}

// namesakes finds who has the usernames that AWS would bring: the people
// themselves for the most part, and others where a username changes.
func (lf Forecasts) namesakes(ctx context.Context, q store.KnownPeopleQuery, people []store.KnownPerson, forecasters ...*forecaster) (namesakes, error) {
	found := namesakes{}
	for i, k := range people {
		found[model.Key(k.User.Username)] = &people[i]
	}
	var others []string
	for _, f := range forecasters {
		for _, k := range people {
			if f == nil {
				continue
			}
			p, _, _ := f.person(k)
			if _, ok := found[model.Key(p.Username)]; !ok && p.Username != "" {
				others = append(others, p.Username)
			}
		}
	}
	if len(others) == 0 {
		return found, nil
	}
	more, err := lf.Store.KnownPeople(ctx, q, others)
	for i, k := range more {
		found[model.Key(k.User.Username)] = &more[i]
	}
	return found, err
}

// Preflight sums up who gets in under next, and who can today and could not
// then.
func (lf Forecasts) Preflight(ctx context.Context, c model.Connection, next *model.Revision) (*Preflight, error) {
	v := &Preflight{}
	kinds := map[Outlook]*PreflightKind{}
	err := lf.Each(ctx, c, next, func(f Forecast) error {
		v.People++
		if f.Lost() {
			v.Lost++
			if len(v.LostExamples) < examplesShown {
				v.LostExamples = append(v.LostExamples, f)
			}
		}
		key := Outlook{Kind: f.Then.Kind, Code: f.Then.Code, Why: f.Then.Why, Assumed: f.Then.Assumed}
		kind := kinds[key]
		if kind == nil {
			kind = &PreflightKind{Outlook: key}
			kinds[key] = kind
		}
		kind.Count++
		if len(kind.Examples) < examplesShown {
			kind.Examples = append(kind.Examples, f)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, kind := range kinds {
		v.Kinds = append(v.Kinds, *kind)
	}
	slices.SortFunc(v.Kinds, func(a, b PreflightKind) int {
		return cmp.Or(cmp.Compare(a.Outlook.Order(), b.Outlook.Order()), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Outlook.Code, b.Outlook.Code))
	})
	return v, nil
}
