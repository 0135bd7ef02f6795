package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/person"
	"github.com/postern-sso/postern/templates/ui"
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
	return s.renderSignIn(w, r, http.StatusOK, person.SignInForm{Next: localPath(r.URL.Query().Get("next")), Unclaimed: !claimed, Flash: s.takeFlash(r)})
}

// renderSignIn shows the sign-in page with the ways that there are.
func (s *Server) renderSignIn(w http.ResponseWriter, r *http.Request, status int, form person.SignInForm) error {
	set, err := s.store.Settings(r.Context())
	if err != nil {
		return err
	}
	form.Passkeys, form.AWSOffered = s.passkeysWork(), set.ConsoleGroupID != 0
	return s.render(w, r, status, person.SignIn(form))
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	form := s.signInForm(r)
	form.Email = strings.TrimSpace(r.PostFormValue("email"))
	if wait, err := s.signInBlocked(r, form.Email); err != nil || wait > 0 {
		return s.refuseBlocked(w, r, form, wait, err)
	}
	a, err := s.checkPassword(r, form.Email, r.PostFormValue("password"))
	if errors.Is(err, store.ErrNotFound) {
		if err := s.countFailure(r, form.Email); err != nil {
			return err
		}
		form.Problems = []model.Problem{{Field: "password", Text: "The email or the password is not right."}}
		return s.renderSignIn(w, r, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	return s.afterFirstStep(w, r, a, model.ByPassword, form)
}

// afterFirstStep lets somebody in who has no passkey, and asks for it else.
func (s *Server) afterFirstStep(w http.ResponseWriter, r *http.Request, a model.Administrator, method model.SignInMethod, form person.SignInForm) error {
	keys, err := s.store.Passkeys(r.Context(), a.ID)
	if err != nil {
		return err
	}
	if len(keys) > 0 {
		return s.askSecondStep(w, r, a, form)
	}
	return s.enterConsole(w, r, a, method, form)
}

// refuseBlocked answers an attempt that comes too early, without looking at the
// password. It looks the same whether the account exists or not.
func (s *Server) refuseBlocked(w http.ResponseWriter, r *http.Request, form person.SignInForm, wait time.Duration, err error) error {
	if err != nil {
		return err
	}
	minutes := int(wait/time.Minute) + 1
	w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
	form.Problems = []model.Problem{{Text: fmt.Sprintf("Too many attempts with a wrong password. Try again in %s. A browser in which you signed in before is not held up by what others try.",
		ui.Count(minutes, "minute", "minutes"))}}
	return s.renderSignIn(w, r, http.StatusTooManyRequests, form)
}

// checkPassword returns the administrator with that email and password, or
// store.ErrNotFound, which does not tell the two apart.
func (s *Server) checkPassword(r *http.Request, email, password string) (model.Administrator, error) {
	a, err := s.store.AdministratorByEmail(r.Context(), email)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return a, err
	}
	hash := a.PasswordHash
	if err != nil || a.ThroughAWS() {
		hash = decoyHash
	}
	match, hashErr := argon2id.ComparePasswordAndHash(password, hash)
	if hashErr != nil {
		return model.Administrator{}, hashErr
	}
	if err != nil || !match || a.ThroughAWS() {
		return model.Administrator{}, store.ErrNotFound
	}
	return a, nil
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := s.store.CloseConsoleSession(r.Context(), s.admins.GetInt64(r.Context(), keyAdminSession), s.now()); err != nil {
		return err
	}
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
