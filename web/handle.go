package web

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/failure"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/paths"
)

// handler is a page that anybody may ask for. It returns an error instead of
// answering one; fail is the only place that does.
type handler func(w http.ResponseWriter, r *http.Request) error

// consoleHandler is a page of the console: the guard has found out who asks.
type consoleHandler func(w http.ResponseWriter, r *http.Request, a model.Administrator) error

// errBadForm: the body of the request is not a form as browsers send it.
var errBadForm = errors.New("the form cannot be read")

// errForbidden: signed in, but the role does not include the action.
var errForbidden = errors.New("the role does not allow this")

// errStepUp: what was asked for needs a proof of who asks that is not old.
var errStepUp = errors.New("who asks has to prove again who they are")

func (k *kit) handle(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			k.fail(w, r, err)
		}
	}
}

// fail turns an error into a page. No error's own text reaches the page; the
// log has it under the request's reference.
func (k *kit) fail(w http.ResponseWriter, r *http.Request, err error) {
	reference := requestID(r.Context())
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		k.log.DebugContext(r.Context(), "client went away", "reference", reference)
	case errors.Is(err, store.ErrNotFound):
		k.failPage(w, r, http.StatusNotFound, failure.NotFound())
	case errors.Is(err, store.ErrConflict):
		k.failPage(w, r, http.StatusConflict, failure.Conflict(r.URL.Path))
	case errors.Is(err, errForbidden):
		k.failPage(w, r, http.StatusForbidden, failure.Forbidden())
	case errors.As(err, &tooLarge):
		k.failPage(w, r, http.StatusRequestEntityTooLarge, failure.TooLarge())
	case errors.Is(err, errBusy):
		w.Header().Set("Retry-After", "20")
		k.failPage(w, r, http.StatusServiceUnavailable, failure.Busy())
	case errors.Is(err, errBadForm):
		k.failPage(w, r, http.StatusBadRequest, failure.BadForm())
	default:
		k.log.ErrorContext(r.Context(), "request failed", "reference", reference,
			"method", r.Method, "path", loggedPath(r.URL.Path), "error", err)
		k.failPage(w, r, http.StatusInternalServerError, failure.Internal(reference))
	}
}

func (k *kit) failPage(w http.ResponseWriter, r *http.Request, status int, page templ.Component) {
	if err := k.render(w, r, status, page); err != nil {
		k.log.ErrorContext(r.Context(), "error page failed", "error", err)
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// render writes a page. It is rendered whole before the status is sent, so
// that a template's error can still become an error page.
func (k *kit) render(w http.ResponseWriter, r *http.Request, status int, page templ.Component) error {
	var buf bytes.Buffer
	if err := page.Render(r.Context(), &buf); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err := w.Write(buf.Bytes())
	if err != nil {
		k.log.DebugContext(r.Context(), "answer not delivered", "error", err)
	}
	return nil
}

// page fills in what every console page shows: who is signed in and the
// message left by the last action, which is shown once.
func (k *kit) page(r *http.Request, a model.Administrator, nav layout.Nav, title, intro string) layout.Page {
	return layout.Page{Title: title, Intro: intro, Nav: nav, Viewer: a, Flash: k.takeFlash(r), Topic: topicOf(r)}
}

// done answers a change that worked: a message for the next page, and 303 to it.
func (k *kit) done(w http.ResponseWriter, r *http.Request, to, message string) error {
	if message != "" {
		k.putFlash(r, layout.Flash{Kind: "success", Text: message})
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// seeOther answers 303.
func seeOther(w http.ResponseWriter, r *http.Request, to string) error {
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// actor is who makes the change, for the audit. Who uses the console is decided
// by owners who have just proved who they are.
func (k *kit) actor(r *http.Request, a model.Administrator) model.Actor {
	return model.Actor{Name: a.ActorName(), RemoteAddr: k.remoteAddr(r), OutsideConsole: a.Role != model.RoleOwner || !k.steppedUp(r)}
}

// toSignIn sends somebody who is not signed in to the sign-in page, and back
// afterwards when the request was a page that can be asked for again.
func toSignIn(w http.ResponseWriter, r *http.Request) error {
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
	return seeOther(w, r, paths.WithQuery(paths.SignIn, "next", next))
}

// partTime is how long a client may take for a part of a long answer.
const partTime = time.Minute

// moreTime lets a long answer go on although the whole takes longer than the
// server gives to one. Where the connection has no limits, there is none to
// extend. When the one for reading passes, the server takes it for a client that
// went away.
func moreTime(w http.ResponseWriter) {
	conn := http.NewResponseController(w)
	_ = conn.SetReadDeadline(time.Time{})
	_ = conn.SetWriteDeadline(time.Now().Add(partTime))
}
