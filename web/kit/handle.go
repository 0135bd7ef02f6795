package kit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/failure"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
)

// ErrBusy: more passwords are being judged than there is memory for.
var ErrBusy = errors.New("too many passwords are judged at once")

// Handler is a page that anybody may ask for. It returns an error instead of
// answering one; fail is the only place that does.
type Handler func(w http.ResponseWriter, r *http.Request) error

// ConsoleHandler is a page of the console: the guard has found out who asks.
type ConsoleHandler func(w http.ResponseWriter, r *http.Request, a model.Administrator) error

// ErrBadForm: the body of the request is not a form as browsers send it.
var ErrBadForm = errors.New("the form cannot be read")

// BadForm is ErrBadForm with its cause: a body that is too large is told apart.
func BadForm(err error) error { return fmt.Errorf("%w: %w", ErrBadForm, err) }

// ErrForbidden: signed in, but the role does not include the action.
var ErrForbidden = errors.New("the role does not allow this")

// ErrStepUp: what was asked for needs a proof of who asks that is not old.
var ErrStepUp = errors.New("who asks has to prove again who they are")

// Handle makes a page of a function that returns its errors.
func (k *Kit) Handle(h Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			k.Fail(w, r, err)
		}
	}
}

// Fail turns an error into a page. No error's own text reaches the page; the
// log has it under the request's reference.
func (k *Kit) Fail(w http.ResponseWriter, r *http.Request, err error) {
	reference := RequestID(r.Context())
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		k.Log.DebugContext(r.Context(), "client went away")
	case errors.Is(err, store.ErrNotFound):
		k.FailPage(w, r, http.StatusNotFound, failure.NotFound())
	case errors.Is(err, store.ErrConflict):
		k.FailPage(w, r, http.StatusConflict, failure.Conflict(r.URL.Path))
	case errors.Is(err, ErrForbidden):
		k.FailPage(w, r, http.StatusForbidden, failure.Forbidden())
	case errors.As(err, &tooLarge):
		k.FailPage(w, r, http.StatusRequestEntityTooLarge, failure.TooLarge(model.Size(tooLarge.Limit), r.URL.Path == paths.Settings))
	case errors.Is(err, ErrBusy):
		w.Header().Set("Retry-After", "20")
		k.FailPage(w, r, http.StatusServiceUnavailable, failure.Busy())
	case errors.Is(err, ErrBadForm):
		k.FailPage(w, r, http.StatusBadRequest, failure.BadForm())
	default:
		k.Log.ErrorContext(r.Context(), "request failed",
			"method", r.Method, "path", LoggedPath(r.URL.Path), "error", err)
		k.failInternally(w, r, err, reference)
	}
}

// failInternally is the page for a fault of our own. People who sign in get words
// for them, and where the database is away they are told when to come back;
// administrators are told where to look.
func (k *Kit) failInternally(w http.ResponseWriter, r *http.Request, err error, reference string) {
	switch {
	case !forPeople(r.URL.Path):
		k.FailPage(w, r, http.StatusInternalServerError, failure.Internal(reference))
	case store.Unreachable(err):
		k.FailUnavailable(w, r)
	default:
		k.FailPage(w, r, http.StatusInternalServerError, failure.Unavailable(reference))
	}
}

// RetrySeconds is when somebody should come back while the database is away.
const RetrySeconds = "30"

// FailUnavailable answers somebody who signs in, or an app that sent them, while
// something that Postern needs is away.
func (k *Kit) FailUnavailable(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", RetrySeconds)
	k.FailPage(w, r, http.StatusServiceUnavailable, failure.Unavailable(RequestID(r.Context())))
}

// forPeople tells whether an address is for people who sign in through it, and
// have nothing to do with the console.
func forPeople(path string) bool {
	for _, begin := range []string{"/me", "/saml", "/oidc", "/trace", "/setup-link"} {
		if path == begin || strings.HasPrefix(path, begin+"/") {
			return true
		}
	}
	return false
}

// FailPage answers with the page of an error.
func (k *Kit) FailPage(w http.ResponseWriter, r *http.Request, status int, page templ.Component) {
	if err := k.Render(w, r, status, page); err != nil {
		k.Log.ErrorContext(r.Context(), "error page failed", "error", err)
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// Render writes a page. It is rendered whole before the status is sent, so
// that a template's error can still become an error page.
func (k *Kit) Render(w http.ResponseWriter, r *http.Request, status int, page templ.Component) error {
	var buf bytes.Buffer
	if err := page.Render(r.Context(), &buf); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err := w.Write(buf.Bytes())
	if err != nil {
		k.Log.DebugContext(r.Context(), "answer not delivered", "error", err)
	}
	return nil
}

// Page fills in what every console page shows: who is signed in and the
// message left by the last action, which is shown once.
func (k *Kit) Page(r *http.Request, a model.Administrator, nav layout.Nav, title, intro string) layout.Page {
	return layout.Page{Title: title, Intro: intro, Nav: nav, Viewer: a, Flash: k.TakeFlash(r), Topic: topicOf(r)}
}

// SeeOther answers 303.
func SeeOther(w http.ResponseWriter, r *http.Request, to string) error {
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// Actor is who makes the change, for the audit. Who uses the console is decided
// by owners who have just proved who they are.
func (k *Kit) Actor(r *http.Request, a model.Administrator) model.Actor {
	return model.Actor{Name: a.ActorName(), RemoteAddr: k.RemoteAddr(r), OutsideConsole: a.Role != model.RoleOwner || !k.SteppedUp(r)}
}

// ToSignIn sends somebody who is not signed in to the sign-in page, and back
// afterwards when the request was a page that can be asked for again.
func ToSignIn(w http.ResponseWriter, r *http.Request) error {
	if r.Header.Get("HX-Request") != "" && r.Method != http.MethodGet {
		// What is being typed must stay on the page; its script says why.
		w.WriteHeader(http.StatusUnauthorized)
		return nil
	}
	if r.Header.Get("HX-Request") != "" {
		// A part of a page asked, and would show the sign-in in its place: the
		// whole page must be loaded again.
		w.Header().Set("HX-Refresh", "true")
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	next := ""
	if r.Method == http.MethodGet && r.URL.Path != paths.Overview {
		next = r.URL.RequestURI()
	}
	return SeeOther(w, r, paths.WithQuery(paths.SignIn, "next", next))
}

// partTime is how long a client may take for a part of a long answer.
const partTime = time.Minute

// MoreTime lets a long answer go on although the whole takes longer than the
// server gives to one. Where the connection has no limits, there is none to
// extend. When the one for reading passes, the server takes it for a client that
// went away.
func MoreTime(w http.ResponseWriter) {
	conn := http.NewResponseController(w)
	_ = conn.SetReadDeadline(time.Time{})
	_ = conn.SetWriteDeadline(time.Now().Add(partTime))
}
