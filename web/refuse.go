package web

import (
	"context"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/person"
)

// refuseAttempt ends a refused answer. The request that it answered is consumed
// with it; one that belongs to another browser stays.
func (s *Server) refuseAttempt(w http.ResponseWriter, r *http.Request, a attempt, refusal *model.Refusal) error {
	if a.ours {
		if err := s.store.DropRequest(r.Context(), a.handle); err != nil {
			return s.refuseInternal(w, r, a.login, err)
		}
	}
	s.askForMetadata(r.Context(), a, refusal)
	return s.refuse(w, r, a.login, refusal)
}

// refuse writes the trace and shows the page.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, l model.Login, refusal *model.Refusal) error {
	l.Outcome, l.Refusal, l.FinishedAt = model.OutcomeRefused, refusal, s.now()
	l, err := s.store.SaveLogin(r.Context(), l)
	if err != nil {
		return s.refuseInternal(w, r, l, err)
	}
	return s.showRefusal(w, r, l)
}

// refuseInternal ends an attempt that failed on our side. The trace is tried
// once more on its own: the fault may not have been the database.
func (s *Server) refuseInternal(w http.ResponseWriter, r *http.Request, l model.Login, cause error) error {
	s.log.ErrorContext(r.Context(), "login failed", "login", l.ID, "connection", l.Connection,
		"reference", requestID(r.Context()), "error", cause)
	l.Outcome, l.FinishedAt = model.OutcomeRefused, s.now()
	l.Refusal = &model.Refusal{Code: model.CodeInternal}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), 2*time.Second)
	defer cancel()
	saved, err := s.store.SaveLogin(ctx, l)
	if err != nil {
		s.log.ErrorContext(r.Context(), "trace not written", "login", l.ID, "error", err)
	}
	l.ID = saved.ID
	return s.showRefusal(w, r, l)
}

// refusePanic ends an attempt in which something of ours, or of a library,
// panicked. Where its trace is written already, only the page is left to show.
func (s *Server) refusePanic(w http.ResponseWriter, r *http.Request, l model.Login, v any) {
	if v == http.ErrAbortHandler { //nolint:errorlint // recover gives the very value
		panic(v)
	}
	s.log.ErrorContext(r.Context(), "panic", "reference", requestID(r.Context()), "value", v, "stack", string(debug.Stack()))
	if l.ID == "" {
		l = s.newAttempt(r, chi.URLParam(r, "connection"))
	}
	show := s.refuseInternal
	if written := w.Header().Get(headerLogin); written != "" {
		l.ID, show = written, s.showInternal
	}
	if err := show(w, r, l, errPanic); err != nil {
		s.fail(w, r, err)
	}
}

// showInternal is the page of a fault of ours that came after the trace was
// written, which stays as it is: the person got in, and has no session.
func (s *Server) showInternal(w http.ResponseWriter, r *http.Request, l model.Login, cause error) error {
	s.log.ErrorContext(r.Context(), "login failed after its trace was written", "login", l.ID, "connection", l.Connection,
		"reference", requestID(r.Context()), "error", cause, "session", s.persons.Destroy(r.Context()))
	l.Outcome, l.Refusal = model.OutcomeRefused, &model.Refusal{Code: model.CodeInternal}
	return s.showRefusal(w, r, l)
}

// showRefusal is what the person sees: a reference and whom to ask. It looks
// the same for every reason, so that nobody can find out who has an account.
func (s *Server) showRefusal(w http.ResponseWriter, r *http.Request, l model.Login) error {
	w.Header().Set(headerLogin, l.ID) // first: it says that the trace is written
	s.opts.Metrics.countLogin(l)
	s.log.InfoContext(r.Context(), "login refused", "login", l.ID, "connection", l.Connection, "code", string(l.Refusal.Code))
	contact, text := "", ""
	if l.Refusal.Code != model.CodeInternal {
		if set, err := s.store.Settings(r.Context()); err == nil {
			contact, text = set.HelpContact, set.RefusedText
		}
	}
	return s.render(w, r, refusalStatus(l.Refusal.Code), person.Refused(person.Refusal{
		Reference: l.ID, Contact: contact, Text: text, At: l.StartedAt, Test: l.Test,
		Ours: l.Refusal.Code == model.CodeInternal,
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
