// Package forecast tells how sign-ins that have not happened would end: it asks
// provision.Decide what it would decide, with what the database knows.
package forecast

import (
	"errors"
	"slices"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/provision"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/store"
)

// ErrUnusableMetadata: AWS's metadata of a revision cannot be read.
var ErrUnusableMetadata = errors.New("unusable metadata")

// Forecasts tells how sign-ins would end.
type Forecasts struct {
	Store    *store.Store
	Provider func(*model.Revision) (*sso.IdentityProvider, error) // AWS, as a revision has it
	Now      func() time.Time
}

// forecaster tells how the next login of somebody known would end under one
// revision, without a login.
type forecaster struct {
	slug string
	cfg  model.Config
	idp  string // entity ID of AWS
	now  time.Time

	rules []model.Rule // none: nothing is said about groups
}

func (lf Forecasts) forecaster(slug string, rev *model.Revision) (*forecaster, error) {
	idp, err := lf.Provider(rev)
	if err != nil {
		return nil, ErrUnusableMetadata
	}
	return &forecaster{slug: slug, cfg: rev.Config, idp: idp.EntityID, now: lf.Now()}, nil
}

// person is how AWS would describe somebody under this revision. Somebody it
// never described is assumed to come with their username here, and with the stable id
// that AWS's directory has for them.
func (f *forecaster) person(k store.KnownPerson) (p model.Person, assumed bool, refusal *model.Refusal) {
	if k.Person == nil {
		p = model.Person{IdPEntityID: f.idp, NameID: k.User.Username, Username: k.User.Username, Email: k.User.Email}
		if f.cfg.Attributes.ExternalID != "" {
			p.ExternalID = k.SourceID
		}
		return p, true, nil
	}
	p, _, refusal = sso.MapAttributes(f.cfg, &sso.Identity{Issuer: f.idp, NameID: k.Person.NameID, Attributes: k.Person.Attributes})
	return p, false, refusal
}

// met are others whom a login finds; nil: nobody.
type met struct {
	namesake *store.KnownPerson // who has the username
	holder   *store.KnownPerson // whom AWS's directory, as a source, knows by the stable id
}

// known is what a login of p, who is k, would know through the connection, with whom
// it finds.
func (f *forecaster) known(p model.Person, k store.KnownPerson, others met) model.Known {
	namesake := others.namesake
	known := model.Known{Rules: f.rules, Memberships: k.Memberships}
	if known.Identity = f.own(k); known.Identity != nil {
		known.ByIdentity = &k.User
	} else if p.ExternalID != "" {
		f.addBySource(&known, p, k, others)
	}
	if namesake == nil {
		return known
	}
	known.ByUsername, known.UsernameIdentity = &namesake.User, f.own(*namesake)
	known.Consent, known.Administers = namesake.Consent, namesake.Administers
	if namesake.User.ID != k.User.ID {
		known.Memberships = slices.Concat(k.Memberships, namesake.Memberships)
	}
	for _, i := range namesake.Identities {
		if known.UsernameIdentity == nil || i.ID != known.UsernameIdentity.ID {
			known.UsernameElse = append(known.UsernameElse, i)
		}
	}
	return known
}

// addBySource adds whom AWS's directory, as a source, knows by the stable id of p, and
// by which other one it knows who has the username.
func (f *forecaster) addBySource(known *model.Known, p model.Person, k store.KnownPerson, others met) {
	if namesake := others.namesake; namesake != nil && namesake.SourceID != p.ExternalID {
		known.SourceIDOf = namesake.SourceID
	}
	for _, who := range []*store.KnownPerson{&k, others.namesake, others.holder} {
		if who != nil && who.SourceID == p.ExternalID {
			linked := slices.ContainsFunc(who.Identities, func(i model.Identity) bool { return i.Connection == f.slug })
			known.BySource = &model.KnownBySource{User: who.User, Source: who.Source, Linked: linked, Administers: who.Administers}
			return
		}
	}
}

// own is what AWS, as this revision has it, calls k on the connection.
func (f *forecaster) own(k store.KnownPerson) *model.Identity {
	for _, i := range k.Identities {
		if i.Connection == f.slug && i.IdPEntityID == f.idp {
			return &i
		}
	}
	return nil
}

// outlook is the next login of k, with whom it finds.
func (f *forecaster) outlook(k store.KnownPerson, others met) Outlook {
	o, _ := f.ending(k, others)
	return o
}

// ending is the outlook of k, and the groups that rules of the connection give k
// then.
func (f *forecaster) ending(k store.KnownPerson, others met) (Outlook, []string) {
	p, assumed, refusal := f.person(k)
	if refusal != nil {
		return refused(refusal, p.Username, assumed), nil
	}
	return f.decided(k.User, p, assumed, f.known(p, k, others))
}

// decided is the outlook of who comes as p, seen from the user u, and the groups
// that rules give the user of the decision.
func (f *forecaster) decided(u model.User, p model.Person, assumed bool, known model.Known) (Outlook, []string) {
	d := provision.Decide(provision.Input{Connection: f.slug, Config: f.cfg, Person: p, Known: known, Now: f.now})
	switch {
	case d.Refusal != nil:
		return refused(d.Refusal, p.Username, assumed), nil
	case d.Action == model.UserCreated:
		return Outlook{Kind: OutlookCreated, Username: p.Username, Assumed: assumed}, nil
	}
	o := Outlook{Kind: OutlookIn, Username: p.Username, Assumed: assumed, Links: d.Identity.ID == 0}
	if assumed {
		o.Kind = OutlookAssumed
	}
	if d.User.ID == u.ID && d.User.Username != u.Username {
		o.Renamed = d.User.Username
	}
	return o, f.given(d, known.Memberships)
}

// given are the groups that rules of the connection give the user of a decision.
func (f *forecaster) given(d model.Decision, have []model.Membership) []string {
	var groups []string
	for _, m := range have {
		if m.UserID == d.User.ID && m.Source == model.MemberRule && m.Ref == f.slug && !slices.Contains(d.RemoveGroups, m.Group) {
			groups = append(groups, m.Group)
		}
	}
	for _, g := range d.AddGroups {
		groups = append(groups, g.Group)
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}

func refused(r *model.Refusal, username string, assumed bool) Outlook {
	return Outlook{Kind: OutlookRefused, Code: r.Code, Cause: r.Cause, Why: sso.Explain(r.Code).Title, Assumed: assumed, Username: username}
}
