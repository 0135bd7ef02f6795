package webtest

import (
	"context"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// AddLogin writes a trace; change makes it what the test needs.
func (s *Site) AddLogin(change func(*model.Login)) model.Login {
	s.T.Helper()
	l := model.Login{
		ID: store.NewLoginID(), Connection: "aws", StartedAt: s.Now, FinishedAt: s.Now, Outcome: model.OutcomeSignedIn, Username: "ana",
	}
	change(&l)
	l.Verified = l.Refusal == nil || !l.Refusal.Code.Forgeable()
	if _, err := s.Store.SaveLogin(context.Background(), l); err != nil {
		s.T.Fatal(err)
	}
	return l
}

func RefusedAs(code model.Code) func(*model.Login) {
	return func(l *model.Login) {
		l.Outcome, l.Refusal = model.OutcomeRefused, &model.Refusal{Code: code, Expected: "what we wanted", Received: "what came"}
	}
}
