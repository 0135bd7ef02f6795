package forecast

import (
	"context"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// SignIn is how the next sign-in of a user through one live connection would end.
type SignIn struct {
	Outlook
	Connection string         // slug
	Name       string         // of the connection
	Consent    *model.Consent // to link the user, or to link them anew, where there is one
	Linked     bool           // somebody in AWS is linked to the user on the connection
	StableID   string         // the user is known by elsewhere: AWS must not send another
	Unlinked   *SignIn        // of somebody linked: the same, if they were unlinked
}

// Next tells for each of the users how their next sign-in through each live
// connection would end, if AWS brings their username; by the user's id. It makes as
// many queries for one user as for many.
func (lf Forecasts) Next(ctx context.Context, users ...model.User) (map[string][]SignIn, error) {
	forecasters, slugs, err := lf.live(ctx)
	if err != nil || len(users) == 0 || len(slugs) == 0 {
		return nil, err
	}
	known, err := lf.Store.KnownOn(ctx, slugs, users)
	if err != nil {
		return nil, err
	}
	return lf.signIns(ctx, forecasters, known)
}

func (lf Forecasts) signIns(ctx context.Context, forecasters []*forecaster, known map[string][]store.KnownPerson) (map[string][]SignIn, error) {
	next := map[string][]SignIn{}
	for _, f := range forecasters {
		others, err := lf.others(ctx, store.KnownPeopleQuery{Connection: f.slug, Links: true}, known[f.slug], f)
		if err != nil {
			return nil, err
		}
		for _, k := range known[f.slug] {
			next[k.User.ID] = append(next[k.User.ID], f.signIn(k, others.of(f, k)))
		}
	}
	return next, nil
}

// NextOf is Next for one user, with what AWS calls them on every connection.
func (lf Forecasts) NextOf(ctx context.Context, u model.User) ([]SignIn, []model.Identity, error) {
	forecasters, slugs, err := lf.live(ctx)
	if err != nil {
		return nil, nil, err
	}
	if len(slugs) == 0 {
		all, err := lf.Store.Identities(ctx, u.ID)
		return nil, all, err
	}
	known, err := lf.Store.KnownOn(ctx, slugs, []model.User{u})
	if err != nil {
		return nil, nil, err
	}
	next, err := lf.signIns(ctx, forecasters, known)
	return next[u.ID], known[slugs[0]][0].Identities, err
}

// IfMade tells for each of some users how the first sign-in through each live
// connection would end, if an administrator made the user now, by the act that why
// names.
func (lf Forecasts) IfMade(ctx context.Context, why model.ConsentWhy, users ...model.User) ([][]SignIn, error) {
	forecasters, _, err := lf.live(ctx)
	next := make([][]SignIn, len(users))
	for i, u := range users {
		for _, f := range forecasters {
			k := store.KnownPerson{User: u, Consent: &model.Consent{UserID: u.ID, UsernameKey: model.Key(u.Username), Connection: f.slug, Why: why, GivenAt: f.now}}
			next[i] = append(next[i], f.signIn(k, met{namesake: &k}))
		}
	}
	return next, err
}

// live are forecasters of the connections that people sign in with, and their
// slugs. With metadata that cannot be used nobody gets in; the connection's page
// says so.
func (lf Forecasts) live(ctx context.Context) (some []*forecaster, slugs []string, err error) {
	connections, err := lf.Store.LiveConnections(ctx)
	for _, c := range connections {
		if f, err := lf.forecaster(c.Slug, c.Live); err == nil {
			some, slugs = append(some, f), append(slugs, c.Slug)
		}
	}
	return some, slugs, err
}

// signIn is the next sign-in of k, with who has the username now. Whoever is linked
// comes as AWS described them last; whoever may be linked anew might come so, too.
func (f *forecaster) signIn(k store.KnownPerson, others met) SignIn {
	s := SignIn{Outlook: f.outlook(k, others), Connection: f.slug, Name: f.cfg.Name}
	if k.Consent != nil && k.Consent.Open(f.now) {
		s.Consent = k.Consent
	}
	for _, i := range k.Identities {
		if i.Connection == f.slug {
			s.Linked = true
			after := f.afterUnlink(k)
			s.Unlinked = &after
		} else if s.Links && i.ExternalID != "" {
			s.StableID = i.ExternalID
		}
	}
	return s
}
