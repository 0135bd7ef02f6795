package web

import (
	"context"
	"net/http"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/person"
)

// refuseAttempt ends a refused answer. The request that it answered is used up
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

// showRefusal is what the person sees: a reference and whom to ask. It looks
// the same for every reason, so that nobody can find out who has an account.
func (s *Server) showRefusal(w http.ResponseWriter, r *http.Request, l model.Login) error {
	s.opts.Metrics.countLogin(l)
	s.log.InfoContext(r.Context(), "login refused", "login", l.ID, "connection", l.Connection, "code", string(l.Refusal.Code))
	w.Header().Set(headerLogin, l.ID)
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
