package web

import (
	"errors"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// guard lets a console page run only for an administrator whose role includes
// the route's. It reads the administrator from the database at every request,
// so that a removed one or a changed role counts at once.
func (s *Server) guard(rt route) http.HandlerFunc {
	return s.handle(func(w http.ResponseWriter, r *http.Request) error {
		a, err := s.currentAdministrator(r)
		if errors.Is(err, store.ErrNotFound) && r.Method == http.MethodPost && r.Header.Get("HX-Request") == "" {
			return s.keepForm(w, r)
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
		return rt.handle(w, r, a)
	})
}

// currentAdministrator is who this browser is signed in as; store.ErrNotFound
// when nobody is, or when the session belongs to an older epoch.
func (s *Server) currentAdministrator(r *http.Request) (model.Administrator, error) {
	id := s.admins.GetInt64(r.Context(), keyAdminID)
	if id == 0 {
		return model.Administrator{}, store.ErrNotFound
	}
	a, err := s.store.Administrator(r.Context(), id)
	if err != nil {
		return model.Administrator{}, err
	}
	if a.SessionEpoch != s.admins.GetInt(r.Context(), keyAdminEpoch) {
		return model.Administrator{}, store.ErrNotFound
	}
	return a, nil
}

// currentPerson is who this browser is signed in as through SAML;
// store.ErrNotFound when nobody is, or when the user was deactivated since.
func (s *Server) currentPerson(r *http.Request) (model.User, error) {
	id := s.persons.GetString(r.Context(), keyPersonID)
	if id == "" {
		return model.User{}, store.ErrNotFound
	}
	u, err := s.store.UserByID(r.Context(), id)
	if err != nil {
		return model.User{}, err
	}
	if !u.Active || u.SessionEpoch != s.persons.GetInt(r.Context(), keyPersonEpoch) {
		return model.User{}, store.ErrNotFound
	}
	return u, nil
}
