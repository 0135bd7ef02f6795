package web

import (
	"errors"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/console"
	"github.com/postern-sso/postern/templates/paths"
)

// setServicePassword gives a service account a local password. The page is the
// answer itself, and nothing keeps the password.
func (s *Server) setServicePassword(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := s.store.User(r.Context(), pathValue(r, "username"))
	if err != nil {
		return err
	}
	secret := seal.NewSecret()
	err = s.store.SetServicePassword(r.Context(), s.actor(r, a), u.Username, secret.Hash, secret.Hint)
	if errors.Is(err, store.ErrLinked) {
		return s.renderUser(w, r, a, u, func(v *console.UserPage) {
			v.Password.Problem = "This user signs in through AWS, so there is no local password. Make a user of its own for the program."
		})
	}
	if err != nil {
		return err
	}
	return s.renderUser(w, r, a, u, func(v *console.UserPage) { v.Password.Value = secret.Value })
}

func (s *Server) removeServicePassword(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	username := pathValue(r, "username")
	if err := s.store.DeleteServicePassword(r.Context(), s.actor(r, a), username); err != nil {
		return err
	}
	return s.done(w, r, paths.User(username), "The local password is removed. No program gets in with it any more.")
}
