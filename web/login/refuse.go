package login

import (
	"context"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/templates/login"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/traces"
)

// askForMetadata brings the next fetch forward when a login came with a
// certificate that nobody here knows. That it fails must not fail the answer.
func (rm *Room) askForMetadata(ctx context.Context, a attempt, refusal *model.Refusal) {
	if refusal.Code != model.CodeCertificateUnknown || a.revision == nil || a.revision.Config.IdPMetadataURL == "" {
		return
	}
	if err := rm.Store.AskForMetadataCheck(ctx, a.connection.ID, rm.Now()); err != nil {
		rm.Log.WarnContext(ctx, "metadata not asked for", "error", err)
	}
}

// refuseAttempt ends a refused answer. The request that it answered is consumed
// with it; one that belongs to another browser stays.
func (rm *Room) refuseAttempt(w http.ResponseWriter, r *http.Request, a attempt, refusal *model.Refusal) error {
	if a.ours {
		if err := rm.Store.DropRequest(r.Context(), a.request); err != nil {
			return rm.RefuseInternal(w, r, a.login, err)
		}
	}
	rm.askForMetadata(r.Context(), a, refusal)
	if err := rm.settle(r.Context(), &a, refusal); err != nil {
		return rm.RefuseInternal(w, r, a.login, err)
	}
	return rm.Refuse(w, r, a.login, refusal)
}

// settle finds the cause of a refusal that depends on what is known next to it:
// on the logins of others, and on what the connection asks for.
func (rm *Room) settle(ctx context.Context, a *attempt, refusal *model.Refusal) error {
	var n sso.Neighborhood
	if a.revision != nil {
		n.Requested = a.revision.Config.NameIDFormat.Asked()
	}
	if attribute := sso.WantsNeighbors(*refusal); attribute != "" {
		var err error
		if n.OthersBrought, n.OthersRead, err = rm.Store.Brought(ctx, a.connection.Slug, attribute, a.login.NameID); err != nil {
			return err
		}
	}
	sso.Settle(refusal, n)
	for i, c := range a.login.Checks {
		if c.State == model.CheckFailed && c.Code == refusal.Code {
			a.login.Checks[i] = sso.Failed(c, refusal)
			break
		}
	}
	return nil
}

// Refuse writes the trace and shows the page.
func (rm *Room) Refuse(w http.ResponseWriter, r *http.Request, l model.Login, refusal *model.Refusal) error {
	l.Outcome, l.Refusal, l.FinishedAt = model.OutcomeRefused, refusal, rm.Now()
	l, err := rm.Store.SaveLogin(r.Context(), l)
	if err != nil {
		return rm.RefuseInternal(w, r, l, err)
	}
	return rm.showRefusal(w, r, l)
}

// RefuseInternal ends an attempt that failed on our side. The trace is tried
// once more on its own: the fault may not have been the database.
func (rm *Room) RefuseInternal(w http.ResponseWriter, r *http.Request, l model.Login, cause error) error {
	rm.Log.ErrorContext(r.Context(), "login failed", "login", l.ID, "connection", l.Connection,
		"error", cause)
	l.Outcome, l.FinishedAt = model.OutcomeRefused, rm.Now()
	l.Refusal = sso.Refuse(model.CauseInternal, "", "", "")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), 2*time.Second)
	defer cancel()
	saved, err := rm.Store.SaveLogin(ctx, l)
	if err != nil {
		rm.Log.ErrorContext(r.Context(), "trace not written", "login", l.ID, "error", err)
	}
	l.ID = saved.ID
	return rm.showRefusal(w, r, l)
}

// refusePanic ends an attempt in which something of ours, or of a library,
// panicked. Where its trace is written already, only the page is left to show.
func (rm *Room) refusePanic(w http.ResponseWriter, r *http.Request, l model.Login, v any) {
	if v == http.ErrAbortHandler { //nolint:errorlint // recover gives the very value
		panic(v)
	}
	rm.Log.ErrorContext(r.Context(), "panic", "value", v, "stack", string(debug.Stack()))
	if l.ID == "" {
		l = rm.NewAttempt(r, chi.URLParam(r, "connection"))
	}
	show := rm.RefuseInternal
	if written := w.Header().Get(HeaderLogin); written != "" {
		l.ID, show = written, rm.showInternal
	}
	if err := show(w, r, l, kit.ErrPanic); err != nil {
		rm.Fail(w, r, err)
	}
}

// showInternal is the page of a fault of ours that came after the trace was
// written, which stays as it is: the person got in, and has no session.
func (rm *Room) showInternal(w http.ResponseWriter, r *http.Request, l model.Login, cause error) error {
	rm.Log.ErrorContext(r.Context(), "login failed after its trace was written", "login", l.ID, "connection", l.Connection,
		"error", cause, "session", rm.Persons.Destroy(r.Context()))
	l.Outcome, l.Refusal = model.OutcomeRefused, sso.Refuse(model.CauseInternal, "", "", "")
	return rm.showRefusal(w, r, l)
}

// showRefusal is what the person sees: whether trying again helps, a reference
// and whom to ask. For every reason that lies in who they are it is the same, so
// that nobody can find out who has an account.
func (rm *Room) showRefusal(w http.ResponseWriter, r *http.Request, l model.Login) error {
	w.Header().Set(HeaderLogin, l.ID) // first: it says that the trace is written
	rm.countLogin(r.Context(), l)
	rm.Log.InfoContext(r.Context(), "login refused", "login", l.ID, "connection", l.Connection, "code", string(l.Refusal.Code))
	contact, text := "", ""
	if l.Refusal.Code == model.CodeInternal {
		w.Header().Set("Retry-After", kit.RetrySeconds)
	} else {
		if set, err := rm.Store.Settings(r.Context()); err == nil {
			contact, text = set.HelpContact, set.RefusedText
		}
	}
	return rm.Render(w, r, refusalStatus(l.Refusal.Code), login.Refused(login.Refusal{
		Reference: l.ID, Contact: contact, Text: text, At: l.StartedAt, Test: l.Test,
		Seen: traces.Seen(l.Refusal.Code, l.Refusal),
	}))
}

// refusalStatus is the HTTP status of a refusal.
func refusalStatus(c model.Code) int {
	switch c {
	case model.CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	case model.CodeMalformedResponse:
		return http.StatusBadRequest
	case model.CodeInternal:
		return http.StatusServiceUnavailable
	default:
		return http.StatusForbidden
	}
}
