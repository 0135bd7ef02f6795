package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/alexedwards/argon2id"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/person"
)

// decoyHash is compared when nobody has the email, so that the answer takes as
// long as for a wrong password. It is the hash of a random password that nobody
// knows; making one at each start would cost 64 MiB.
const decoyHash = "$argon2id$v=19$m=65536,t=1,p=2$01vvo4rItXJhoAz6K2RfhA$z0dlN6v2ekrFeIMapdhJ0fYlp8RW/eZVA19k5OcNnH4"

func (s *Server) showSignIn(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.currentAdministrator(r); err == nil {
		return seeOther(w, r, paths.Overview)
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	claimed, err := s.store.HasAdministrators(r.Context())
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, person.SignIn(person.SignInForm{
		Next: localPath(r.URL.Query().Get("next")), Unclaimed: !claimed, Flash: s.takeFlash(r),
	}))
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	form := person.SignInForm{
		Email: strings.TrimSpace(r.PostFormValue("email")),
		Next:  localPath(r.PostFormValue("next")),
		Kept:  s.keptForm(r),
	}
	a, err := s.checkPassword(r, form.Email, r.PostFormValue("password"))
	if errors.Is(err, store.ErrNotFound) {
		s.log.WarnContext(r.Context(), "console sign-in refused", "remote", s.remoteAddr(r))
		form.Problems = []model.Problem{{Field: "password", Text: "The email or the password is not right."}}
		return s.render(w, r, http.StatusUnprocessableEntity, person.SignIn(form))
	}
	if err != nil {
		return err
	}
	if err := s.store.RecordAudit(r.Context(), s.actor(r, a), "administrator.sign_in", a.Email, ""); err != nil {
		return err
	}
	if err := s.store.RecordSignin(r.Context(), a.ID, s.now()); err != nil {
		return err
	}
	if err := s.startAdminSession(r.Context(), a.ID, a.SessionEpoch); err != nil {
		return err
	}
	if form.Kept != nil {
		return s.offerKept(w, r, a, *form.Kept)
	}
	if form.Next == "" {
		form.Next = paths.Overview
	}
	return seeOther(w, r, form.Next)
}

// checkPassword returns the administrator with that email and password, or
// store.ErrNotFound, which does not tell the two apart.
func (s *Server) checkPassword(r *http.Request, email, password string) (model.Administrator, error) {
	a, err := s.store.AdministratorByEmail(r.Context(), email)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return a, err
	}
	hash := a.PasswordHash
	if err != nil {
		hash = decoyHash
	}
	match, hashErr := argon2id.ComparePasswordAndHash(password, hash)
	if hashErr != nil {
		return model.Administrator{}, hashErr
	}
	if err != nil || !match {
		return model.Administrator{}, store.ErrNotFound
	}
	return a, nil
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := s.admins.Destroy(r.Context()); err != nil {
		return err
	}
	return s.done(w, r, paths.SignIn, "You are signed out of the console.")
}

// localPath returns p where it is a path on this site, else the empty string:
// no scheme, no host, no backslash, no control characters.
func localPath(p string) string {
	if len(p) > 1024 || !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "//") || strings.ContainsRune(p, '\\') {
		return ""
	}
	for _, c := range p {
		if c < 0x20 || c == 0x7f {
			return ""
		}
	}
	u, err := url.Parse(p)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil {
		return ""
	}
	return p
}
