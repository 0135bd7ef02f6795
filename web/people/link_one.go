package people

import (
	"context"
	"errors"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/people"
	"github.com/postern-sso/postern/web/forecast"
	"github.com/postern-sso/postern/web/kit"
)

// ifMade is what the first sign-in of a user whom the form describes would do,
// through each live connection.
func (rm *Room) ifMade(ctx context.Context, f people.UserForm, why model.ConsentWhy) ([]forecast.SignIn, error) {
	next, err := forecast.With(rm.Kit).IfMade(ctx, why, model.User{Username: f.Username, Email: f.Email, Active: true})
	if err != nil {
		return nil, err
	}
	return next[0], nil
}

// ifImported counts what the first sign-ins of the new users of a file would do, in
// the order in which that is first so.
func (rm *Room) ifImported(ctx context.Context, u upload) ([]people.FirstSignIns, error) {
	var users []model.User
	for _, step := range u.steps {
		if step.New {
			users = append(users, step.User)
		}
	}
	next, err := forecast.With(rm.Kit).IfMade(ctx, model.ConsentImported, users...)
	var all []people.FirstSignIns
	at := map[string]int{}
	for _, signIns := range next {
		for _, s := range signIns {
			says := s.Clause()
			if _, seen := at[says]; !seen {
				at[says] = len(all)
				all = append(all, people.FirstSignIns{Says: says})
			}
			all[at[says]].Users++
		}
	}
	return all, err
}

// allowLink lets the next sign-in through a connection be linked to the user.
func (rm *Room) allowLink(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := rm.Store.User(r.Context(), kit.PathValue(r, "username"))
	if err != nil {
		return err
	}
	given, err := rm.Store.AllowLink(r.Context(), rm.Actor(r, a), kit.Typed(r, "connection"), []string{u.ID})
	if err != nil {
		return err
	}
	if len(given) == 0 {
		return rm.Inform(w, r, paths.User(u.Username), "Nothing was changed: it is allowed already, the user is linked or may use the console, "+
			"or the connection is not live.")
	}
	return rm.Done(w, r, paths.User(u.Username), "The next sign-in with this username may be linked to "+u.Username+".")
}

// takeBackLink takes back what allows the next sign-in to be linked.
func (rm *Room) takeBackLink(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := rm.Store.User(r.Context(), kit.PathValue(r, "username"))
	if err != nil {
		return err
	}
	err = rm.Store.TakeBackLink(r.Context(), rm.Actor(r, a), u.ID, kit.Typed(r, "connection"))
	if errors.Is(err, store.ErrNotFound) {
		return rm.Inform(w, r, paths.User(u.Username), "There is nothing to take back: it was used, or taken back already.")
	}
	if err != nil {
		return err
	}
	return rm.Done(w, r, paths.User(u.Username), "Taken back. What the next sign-in does is said below.")
}
