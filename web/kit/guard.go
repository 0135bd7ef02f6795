package kit

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/failure"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
)

// Guard lets a console page run only for an administrator whose role includes
// the route's. It reads the administrator from the database at every request,
// so that a removed one or a changed role counts at once.
func (k *Kit) Guard(rt Route) http.HandlerFunc {
	return k.Handle(func(w http.ResponseWriter, r *http.Request) error {
		a, err := k.CurrentAdministrator(r)
		if errors.Is(err, store.ErrNotFound) && r.Method == http.MethodPost && r.Header.Get("HX-Request") == "" {
			return k.resumeAfterSignIn(w, r)
		}
		if errors.Is(err, store.ErrNotFound) {
			return ToSignIn(w, r)
		}
		if err != nil {
			return err
		}
		if !a.Role.Includes(rt.Role) {
			return ErrForbidden
		}
		if missing, err := k.missesPasskey(r, a); err != nil || missing {
			return k.sendToPasskeys(w, r, err)
		}
		ok := true
		switch rt.Proof {
		case StepUp:
			ok = k.SteppedUp(r)
		case Enrolling:
			ok, err = k.mayEnrol(r, a)
		case Anytime:
		}
		if err != nil {
			return err
		}
		if !ok {
			return k.asker.AskStepUp(w, r, a)
		}
		err = rt.handle(w, r, a)
		if errors.Is(err, ErrStepUp) || (errors.Is(err, store.ErrConsoleGroup) && a.Role == model.RoleOwner) {
			return k.asker.AskStepUp(w, r, a)
		}
		if errors.Is(err, store.ErrConsoleGroup) {
			k.FailPage(w, r, http.StatusForbidden, failure.ConsoleGroup())
			return nil
		}
		var gone *store.Gone
		if errors.As(err, &gone) {
			return k.partGone(w, r, gone)
		}
		if name := namedThing(r); name != "" && errors.Is(err, store.ErrNotFound) {
			k.FailPage(w, r, http.StatusNotFound, failure.Gone(name, WithQuery(paths.Audit, url.Values{"object": {name}})))
			return nil
		}
		return err
	})
}

// namedThing is the user, group, rule, connection or app that the address names.
func namedThing(r *http.Request) string {
	return cmp.Or(PathValue(r, "username"), PathValue(r, "name"), PathValue(r, "slug"))
}

// missesPasskey tells whether the owners demand a passkey that this
// administrator does not have, on a page that is not for registering one.
func (k *Kit) missesPasskey(r *http.Request, a model.Administrator) (bool, error) {
	if strings.HasPrefix(r.URL.Path, paths.Account) || strings.HasPrefix(r.URL.Path, paths.Help) || !k.PasskeysWork() {
		return false, nil
	}
	set, err := k.Store.Settings(r.Context())
	if err != nil || !set.RequirePasskey {
		return false, err
	}
	has, err := k.Store.HasPasskey(r.Context(), a.ID)
	return !has, err
}

func (k *Kit) sendToPasskeys(w http.ResponseWriter, r *http.Request, err error) error {
	if err != nil {
		return err
	}
	k.PutFlash(r, layout.Flash{Kind: "warning", Text: "Every administrator here needs a passkey. Register yours, then everything is open to you."})
	return SeeOther(w, r, paths.Account)
}

// CurrentPerson is who this browser is signed in as through SAML;
// store.ErrNotFound when nobody is, or when the user was deactivated or the
// connection closed since.
func (k *Kit) CurrentPerson(r *http.Request) (model.User, error) {
	id := k.Persons.GetString(r.Context(), KeyPersonID)
	// The store judges the end by the clock of the database, which may differ.
	if id == "" || !k.Now().Before(k.Persons.Deadline(r.Context())) {
		return model.User{}, store.ErrNotFound
	}
	return k.awsVouchesFor(r.Context(), id, k.Persons.GetInt(r.Context(), KeyPersonEpoch), k.Persons.GetString(r.Context(), KeyPersonConn))
}

// awsVouchesFor is a user who signed in through a connection in that session
// epoch; store.ErrNotFound when they were deactivated or unlinked since, or when
// the connection is not live.
func (k *Kit) awsVouchesFor(ctx context.Context, userID string, epoch int, connection string) (model.User, error) {
	u, err := k.Store.UserByID(ctx, userID)
	if err != nil {
		return model.User{}, err
	}
	if !u.Active || u.SessionEpoch != epoch {
		return model.User{}, store.ErrNotFound
	}
	open, err := k.Store.IsOpen(ctx, connection)
	if err == nil && !open {
		err = store.ErrNotFound
	}
	return u, err
}

// PasskeysWork tells whether browsers let this site use passkeys: over https, or
// on localhost, and not by a bare address.
func (k *Kit) PasskeysWork() bool {
	u, err := url.Parse(k.Opts.PublicURL)
	return err == nil && net.ParseIP(u.Hostname()) == nil && (u.Scheme == "https" || u.Hostname() == "localhost")
}
