package forecast

import (
	"context"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// IfAllowed tells how the next sign-in of each user through one live connection
// would end, if somebody whom nobody knows yet came with their username and an
// administrator had allowed why until ends. The answer is in the order of the users.
// ErrNotFound of the store when the connection is not live.
func (lf Forecasts) IfAllowed(ctx context.Context, connection string, why model.ConsentWhy, ends time.Time, users []model.User) ([]SignIn, error) {
	forecasters, _, err := lf.live(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range forecasters {
		if f.slug != connection {
			continue
		}
		known, err := lf.Store.KnownOn(ctx, []string{connection}, users)
		if err != nil {
			return nil, err
		}
		next := make([]SignIn, len(users))
		for i, k := range known[connection] {
			next[i] = f.ifAllowed(k, why, ends)
		}
		return next, nil
	}
	return nil, store.ErrNotFound
}

// ifAllowed is how a login of somebody new with the username of k would end, with
// that consent. The store gives it only where there is an identity to replace, or
// none, and to nobody who may use the console.
func (f *forecaster) ifAllowed(k store.KnownPerson, why model.ConsentWhy, ends time.Time) SignIn {
	s := SignIn{Connection: f.slug, Name: f.cfg.Name}
	here := 0
	for _, i := range k.Identities {
		if i.Connection == f.slug {
			here++
		}
	}
	if s.Linked = here > 0; s.Linked == (why == model.ConsentLinkAnew) && !k.Administers {
		k.Consent = &model.Consent{UserID: k.User.ID, UsernameKey: model.Key(k.User.Username), Connection: f.slug, Why: why, GivenAt: f.now, EndsAt: ends}
		s.Consent = k.Consent
	}
	namesake := k
	k.Person, k.Identities = nil, nil
	p, assumed, _ := f.person(k)
	if why == model.ConsentLinkAnew {
		p.ExternalID = "" // who was made anew comes with an id that nobody knows yet
	}
	s.Outlook, _ = f.decided(k.User, p, assumed, f.known(p, k, met{namesake: &namesake}))
	return s
}

// afterUnlink is how the next login would end if the user were unlinked here: AWS
// brings the same username, and that act is consent.
func (f *forecaster) afterUnlink(k store.KnownPerson) SignIn {
	var elsewhere []model.Identity
	for _, i := range k.Identities {
		if i.Connection != f.slug {
			elsewhere = append(elsewhere, i)
		}
	}
	k.Identities, k.Identity = elsewhere, nil
	return f.ifAllowed(k, model.ConsentUnlinked, time.Time{})
}
