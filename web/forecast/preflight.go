package forecast

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/provision"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/ui"
)

// ErrUnusableMetadata: AWS's metadata of a revision cannot be read.
var ErrUnusableMetadata = errors.New("unusable metadata")

// examplesShown is how many people of a kind a preflight names; the download
// has all of them.
const examplesShown = 20

// forecaster tells how the next login of somebody known would end under one
// revision, without a login.
type forecaster struct {
	slug  string
	cfg   model.Config
	idp   string // entity ID of AWS
	rules []model.Rule
}

func (lf Forecasts) forecaster(slug string, rev *model.Revision) (*forecaster, error) {
	idp, err := lf.IdentityProvider(rev)
	if err != nil {
		return nil, ErrUnusableMetadata
	}
	return &forecaster{slug: slug, cfg: rev.Config, idp: idp.EntityID}, nil
}

// person is how AWS would describe somebody under this revision. Somebody it
// never described is assumed to come with their username here.
func (f *forecaster) person(k store.KnownPerson) (p model.Person, assumed bool, refusal *model.Refusal) {
	if k.Person == nil {
		return model.Person{IdPEntityID: f.idp, NameID: k.User.Username, Username: k.User.Username, Email: k.User.Email}, true, nil
	}
	p, _, refusal = sso.MapAttributes(f.cfg, &sso.Identity{Issuer: f.idp, NameID: k.Person.NameID, Attributes: k.Person.Attributes})
	return p, false, refusal
}

// outlook is the next login of k, with who has the username now.
func (f *forecaster) outlook(k store.KnownPerson, namesake *store.KnownPerson) ui.Outlook {
	p, assumed, refusal := f.person(k)
	if refusal == nil {
		known := model.Known{Rules: f.rules}
		if k.Identity != nil && k.Identity.IdPEntityID == f.idp {
			known.Identity, known.ByIdentity = k.Identity, &k.User
		}
		if namesake != nil {
			known.ByUsername = &namesake.User
			if namesake.Identity != nil && namesake.Identity.IdPEntityID == f.idp {
				known.UsernameIdentity = namesake.Identity
			}
		}
		d := provision.Decide(provision.Input{Connection: f.slug, Config: f.cfg, Person: p, Known: known})
		if refusal = d.Refusal; refusal == nil && d.Action == model.UserCreated {
			return ui.Outlook{Kind: ui.OutlookCreated, Username: p.Username}
		}
	}
	switch {
	case refusal != nil:
		return ui.Outlook{Kind: ui.OutlookRefused, Code: refusal.Code, Why: sso.Explain(refusal.Code).Title, Assumed: assumed, Username: p.Username}
	case assumed:
		return ui.Outlook{Kind: ui.OutlookAssumed, Username: p.Username, Assumed: true}
	default:
		return ui.Outlook{Kind: ui.OutlookIn, Username: p.Username}
	}
}

// eachForecast tells for everybody known how their next login ends today and
// how it would under next. Without a revision that is live today, nobody gets
// in today.
func (lf Forecasts) eachForecast(ctx context.Context, c model.Connection, next *model.Revision, f func(ui.Forecast) error) error {
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
	query := store.KnownPeopleQuery{Connection: c.Slug}
	return lf.Store.EachKnownPerson(ctx, query, func(people []store.KnownPerson) error {
		namesakes, err := lf.namesakes(ctx, query, people, today, then)
		if err != nil {
			return err
		}
		for _, k := range people {
			v := ui.Forecast{User: k.User, Today: ui.Outlook{Kind: ui.OutlookRefused, Code: model.CodeConnectionNotLive}}
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
func (lf Forecasts) Preflight(ctx context.Context, c model.Connection, next *model.Revision) (*ui.Preflight, error) {
	v := &ui.Preflight{}
	kinds := map[ui.Outlook]*ui.PreflightKind{}
	err := lf.eachForecast(ctx, c, next, func(f ui.Forecast) error {
		v.People++
		if f.Lost() {
			v.Lost++
			if len(v.LostExamples) < examplesShown {
				v.LostExamples = append(v.LostExamples, f)
			}
		}
		key := ui.Outlook{Kind: f.Then.Kind, Code: f.Then.Code, Why: f.Then.Why, Assumed: f.Then.Assumed}
		kind := kinds[key]
		if kind == nil {
			kind = &ui.PreflightKind{Outlook: key}
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
	slices.SortFunc(v.Kinds, func(a, b ui.PreflightKind) int {
		return cmp.Or(cmp.Compare(a.Outlook.Order(), b.Outlook.Order()), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Outlook.Code, b.Outlook.Code))
	})
	return v, nil
}
