package sources

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/sources"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/kit"
)

// newForm is the form of a new source of a kind.
func (rm *Room) newForm(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	kind := model.SourceKind(kit.PathValue(r, "kind"))
	if !slices.Contains(model.SourceKinds(), kind) {
		return store.ErrNotFound
	}
	f := formOf(model.NewSource(kind))
	f.Values[sources.FieldSlug] = sources.ProposedSlug(kind)
	if kind == model.SourceAWS {
		f.Values[sources.FieldConnection] = kit.Truncate(r.URL.Query().Get(sources.FieldSetup), maxSlug)
	}
	return rm.form(w, r, a, f)
}

// editForm is the form with the settings of a source.
func (rm *Room) editForm(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	s, err := rm.source(r)
	if err != nil {
		return err
	}
	f := formOf(s)
	if seen := model.Fingerprint(r.URL.Query().Get(sources.FieldFingerprint)); s.Kind == model.SourceLDAP && len(seen) == sha256.Size*2 {
		f.Values[sources.FieldTrust], f.Values[sources.FieldFingerprint] = sources.TrustFingerprint, seen // as the test showed it
		f.AskSecret = s.HasSecret && seen != s.LDAP.Fingerprint
	}
	return rm.form(w, r, a, f)
}

// form shows the form; 422 where something is wrong with it.
func (rm *Room) form(w http.ResponseWriter, r *http.Request, a model.Administrator, f sources.Form) error {
	title, status := "Settings of the source", http.StatusOK
	if f.Slug == "" {
		title = sources.NewTitle(f.Kind)
	}
	p := rm.Page(r, a, layout.NavSources, title, "")
	p.Crumbs = crumbs()
	if f.Slug != "" {
		p.Crumbs = crumbs(layout.Crumb{Label: f.Values[sources.FieldName], Href: paths.Source(f.Slug)})
	}
	if len(f.Problems) > 0 {
		p.Error, status = true, http.StatusUnprocessableEntity
	}
	if f.Kind == model.SourceAWS {
		var err error
		if f.Connections, err = rm.connections(r.Context(), f.Values[sources.FieldConnection]); err != nil {
			return err
		}
	}
	return rm.Render(w, r, status, sources.Edit(sources.FormPage{Page: p, Form: f}))
}

// connections are those to whose application a source of AWS can belong.
func (rm *Room) connections(ctx context.Context, chosen string) ([]ui.Option, error) {
	all, err := rm.Store.Connections(ctx)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	options := []ui.Option{{Value: "", Label: "None", Selected: chosen == ""}}
	for _, c := range all {
		options = append(options, ui.Option{Value: c.Slug, Label: c.Name(), Selected: c.Slug == chosen})
	}
	return options, nil
}

// create adds a source as a draft, with its secret, in one transaction.
func (rm *Room) create(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	kind := model.SourceKind(r.PostFormValue("kind"))
	if !slices.Contains(model.SourceKinds(), kind) {
		return store.ErrNotFound
	}
	f := typed(r, kind)
	s := model.NewSource(kind)
	s.Slug = f.Values[sources.FieldSlug]
	read(&f, &s)
	secret := secretOf(&f, s, model.Source{})
	if len(f.Problems) > 0 {
		return rm.form(w, r, a, f)
	}
	err := rm.add(r.Context(), rm.Actor(r, a), s, secret)
	switch {
	case errors.Is(err, store.ErrExists):
		f.Problems = append(f.Problems, model.Problem{Field: sources.FieldSlug, Text: "Another source has this short name."})
		return rm.form(w, r, a, f)
	case errors.Is(err, store.ErrNoConnection):
		f.Problems = append(f.Problems, noConnection())
		return rm.form(w, r, a, f)
	case err != nil:
		return err
	}
	return rm.added(w, r, s)
}

// add keeps a new source and its secret; the errors are those of CreateSource.
func (rm *Room) add(ctx context.Context, actor model.Actor, s model.Source, secret string) error {
	return rm.Store.InTx(ctx, func(tx *store.Store) error {
		if _, err := tx.CreateSource(ctx, actor, s); err != nil {
			return err
		}
		return rm.keepSecret(ctx, tx, actor, s.Slug, secret)
	})
}

func (rm *Room) added(w http.ResponseWriter, r *http.Request, s model.Source) error {
	return rm.Done(w, r, paths.Source(s.Slug), "The source “"+s.Name+"” is a draft: it changes nothing yet.")
}

func noConnection() model.Problem {
	return model.Problem{Field: sources.FieldConnection, Text: "This connection is not there any more."}
}

// save changes the settings of a source.
func (rm *Room) save(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	before, err := rm.source(r)
	if err != nil {
		return err
	}
	f, after := typed(r, before.Kind), before
	f.Slug, f.HasSecret = before.Slug, before.HasSecret
	f.Revision, _ = strconv.Atoi(r.PostFormValue(sources.FieldRevision))
	read(&f, &after)
	secret := secretOf(&f, after, before)
	if len(f.Problems) > 0 {
		return rm.form(w, r, a, f)
	}
	err = rm.Store.InTx(r.Context(), func(tx *store.Store) error {
		_, err := tx.UpdateSource(r.Context(), rm.Actor(r, a), before.Slug, f.Revision, func(s *model.Source) error {
			read(&f, s)
			return nil
		})
		if err != nil {
			return err
		}
		return rm.keepSecret(r.Context(), tx, rm.Actor(r, a), before.Slug, secret)
	})
	switch {
	case errors.Is(err, store.ErrConflict):
		f.Problems = append(f.Problems, model.Problem{Text: "Somebody else has changed this source since you opened the page. Look at their settings " +
			"in another window, then save yours again."})
		f.Revision = before.Revision
		return rm.form(w, r, a, f)
	case errors.Is(err, store.ErrNoConnection):
		f.Problems = append(f.Problems, noConnection())
		return rm.form(w, r, a, f)
	case err != nil:
		return err
	}
	return rm.Saved(w, r, paths.Source(before.Slug), further(before, after))
}

// further is what a change of settings does to the next run.
func further(before, after model.Source) string {
	if before.Reading() == after.Reading() || !after.Kind.Reads() {
		return ""
	}
	return "What is read has changed, so the next run is a dry run: you see what it would do first."
}

// secretOf is the secret that was typed; empty: the one that is kept stays. A changed
// address or trust asks for the password again, so that it goes nowhere by mistake.
func secretOf(f *sources.Form, after, before model.Source) string {
	say := func(field, text string) { f.Problems = append(f.Problems, model.Problem{Field: field, Text: text}) }
	switch after.Kind {
	case model.SourceLDAP:
		moved := !slices.Equal(before.LDAP.URLs, after.LDAP.URLs) || before.LDAP.StartTLS != after.LDAP.StartTLS || before.LDAP.AllowPlain != after.LDAP.AllowPlain ||
			before.LDAP.CA != after.LDAP.CA || before.LDAP.Fingerprint != after.LDAP.Fingerprint
		f.AskSecret = before.HasSecret && moved
		if f.Secret == "" && (!before.HasSecret || moved) {
			say(sources.FieldSecret, "Type the account's password. Without one a server lets anybody in as nobody, and tells little.")
		}
		return f.Secret
	case model.SourceAWS:
		switch {
		case after.AWS.FromSurroundings:
			return ""
		case f.Secret == "" && f.SecretKey == "" && before.HasSecret:
			return ""
		case f.Secret == "":
			say(sources.FieldSecret, "Type the access key ID.")
		case f.SecretKey == "":
			say(sources.FieldSecretKey, "Type the secret access key that belongs to the access key ID.")
		}
		return f.Secret + "\n" + f.SecretKey
	case model.SourceSCIM:
	}
	return ""
}

func (rm *Room) keepSecret(ctx context.Context, tx *store.Store, actor model.Actor, slug, secret string) error {
	if secret == "" {
		return nil
	}
	sealed, err := rm.Sealer.Seal([]byte(secret), model.SealedSourceSecret(slug))
	if err != nil {
		return err
	}
	return tx.SetSourceSecret(ctx, actor, slug, sealed)
}
