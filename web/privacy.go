package web

import (
	"encoding/json"
	"net/http"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/console"
	"github.com/postern-sso/postern/templates/paths"
)

// personData hands out everything that is stored about a user. It is a POST: the
// audit says who asked.
func (s *Server) personData(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	d, err := s.store.PersonData(r.Context(), s.actor(r, a), pathValue(r, "username"))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", `attachment; filename="person.json"`)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(d)
}

// erasePerson forgets who a user was.
func (s *Server) erasePerson(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	u, err := s.store.User(r.Context(), pathValue(r, "username"))
	if err != nil {
		return err
	}
	if text := confirmed(r, u.Username); text != "" {
		return s.renderUser(w, r, a, u, func(v *console.UserPage) { v.EraseText = text })
	}
	alias, err := s.store.ErasePerson(r.Context(), s.actor(r, a), u.Username)
	if err != nil {
		return err
	}
	return s.done(w, r, paths.Users, "Erased. Logins and the audit now say "+alias+" in place of the name.")
}
