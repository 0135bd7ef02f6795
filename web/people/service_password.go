package people

import (
	"errors"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/people"
	"github.com/postern-sso/postern/web/kit"
)

// setServicePassword gives a service account a local password. The page is the
// answer itself, and nothing keeps the password.
func (rm *Room) setServicePassword(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := rm.Store.User(r.Context(), kit.PathValue(r, "username"))
	if err != nil {
		return err
	}
	secret := seal.NewSecret()
	err = rm.Store.SetServicePassword(r.Context(), rm.Actor(r, a), u.Username, secret.Hash, secret.Hint)
	if errors.Is(err, store.ErrLinked) {
		return rm.renderUser(w, r, a, u, func(v *people.UserPage) {
			v.Password.Problem = "This user signs in through AWS, so there is no local password. Make a user of its own for the program."
		})
	}
	if err != nil {
		return err
	}
	return rm.renderUser(w, r, a, u, func(v *people.UserPage) { v.Password.Value = secret.Value })
}

func (rm *Room) removeServicePassword(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	username := kit.PathValue(r, "username")
	if err := rm.Store.DeleteServicePassword(r.Context(), rm.Actor(r, a), username); err != nil {
		return err
	}
	return rm.Done(w, r, paths.User(username), "The local password is removed. No program gets in with it any more.")
}
