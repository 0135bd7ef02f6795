package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/failure"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
)

// guard lets a console page run only for an administrator whose role includes
// the route's. It reads the administrator from the database at every request,
// so that a removed one or a changed role counts at once.
func (k *kit) guard(rt route) http.HandlerFunc {
	return k.handle(func(w http.ResponseWriter, r *http.Request) error {
		a, err := k.currentAdministrator(r)
		if errors.Is(err, store.ErrNotFound) && r.Method == http.MethodPost && r.Header.Get("HX-Request") == "" {
			return k.resumeAfterSignIn(w, r)
		}
		if errors.Is(err, store.ErrNotFound) {
			return toSignIn(w, r)
		}
		if err != nil {
			return err
		}
		if !a.Role.Includes(rt.role) {
			return errForbidden
		}
		if missing, err := k.missesPasskey(r, a); err != nil || missing {
			return k.sendToPasskeys(w, r, err)
		}
		ok := true
		switch rt.proof {
		case stepUp:
			ok = k.steppedUp(r)
		case enrolling:
			ok, err = k.mayEnrol(r, a)
		case anytime:
		}
		if err != nil {
			return err
		}
		if !ok {
			return k.asker.AskStepUp(w, r, a)
		}
		err = rt.handle(w, r, a)
		if errors.Is(err, errStepUp) || (errors.Is(err, store.ErrConsoleGroup) && a.Role == model.RoleOwner) {
			return k.asker.AskStepUp(w, r, a)
		}
		if errors.Is(err, store.ErrConsoleGroup) {
			k.failPage(w, r, http.StatusForbidden, failure.ConsoleGroup())
			return nil
		}
		if name := namedThing(r); name != "" && errors.Is(err, store.ErrNotFound) {
			k.failPage(w, r, http.StatusNotFound, failure.Gone(name, withQuery(paths.Audit, url.Values{"object": {name}})))
			return nil
		}
		return err
	})
}

// namedThing is the user, group, rule, connection or app that the address names.
func namedThing(r *http.Request) string {
	return cmp.Or(pathValue(r, "username"), pathValue(r, "name"), pathValue(r, "slug"))
}

// missesPasskey tells whether the owners demand a passkey that this
// administrator does not have, on a page that is not for registering one.
func (k *kit) missesPasskey(r *http.Request, a model.Administrator) (bool, error) {
	if strings.HasPrefix(r.URL.Path, paths.Account) || strings.HasPrefix(r.URL.Path, paths.Help) || !k.passkeysWork() {
		return false, nil
	}
	set, err := k.store.Settings(r.Context())
	if err != nil || !set.RequirePasskey {
		return false, err
	}
	has, err := k.store.HasPasskey(r.Context(), a.ID)
	return !has, err
}

func (k *kit) sendToPasskeys(w http.ResponseWriter, r *http.Request, err error) error {
	if err != nil {
		return err
	}
	k.putFlash(r, layout.Flash{Kind: "warning", Text: "Every administrator here needs a passkey. Register yours, then everything is open to you."})
	return seeOther(w, r, paths.Account)
}

// currentPerson is who this browser is signed in as through SAML;
// store.ErrNotFound when nobody is, or when the user was deactivated or the
// connection closed since.
func (k *kit) currentPerson(r *http.Request) (model.User, error) {
	id := k.persons.GetString(r.Context(), keyPersonID)
	// The store judges the end by the clock of the database, which may differ.
	if id == "" || !k.now().Before(k.persons.Deadline(r.Context())) {
		return model.User{}, store.ErrNotFound
	}
	return k.awsVouchesFor(r.Context(), id, k.persons.GetInt(r.Context(), keyPersonEpoch), k.persons.GetString(r.Context(), keyPersonConn))
}

// awsVouchesFor is a user who signed in through a connection in that session
// epoch; store.ErrNotFound when they were deactivated or unlinked since, or when
// the connection is not live.
func (k *kit) awsVouchesFor(ctx context.Context, userID string, epoch int, connection string) (model.User, error) {
	u, err := k.store.UserByID(ctx, userID)
	if err != nil {
		return model.User{}, err
	}
	if !u.Active || u.SessionEpoch != epoch {
		return model.User{}, store.ErrNotFound
	}
	open, err := k.store.IsOpen(ctx, connection)
	if err == nil && !open {
		err = store.ErrNotFound
	}
	return u, err
}
