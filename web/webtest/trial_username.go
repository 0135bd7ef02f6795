package webtest

import (
	"github.com/postern-sso/postern/internal/model"
)

// TestedAs writes a test login that passed and brought these attributes.
func (s *Site) TestedAs(attributes map[string][]string) {
	s.T.Helper()
	s.Trial("dddd", func(l *model.Login) {
		l.Outcome, l.FinishedAt, l.Username = model.OutcomeSignedIn, s.Now, "a4d8f4c8"
		l.Person = &model.Person{Username: "a4d8f4c8", NameID: "a4d8f4c8", Attributes: attributes}
	})
	rev := s.Draft()
	if err := s.Store.RecordTest(s.T.Context(), rev.ID, rev.Version, "dddd", s.Now); err != nil {
		s.T.Fatal(err)
	}
}
