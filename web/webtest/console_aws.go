package webtest

import (
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// ChooseConsoleGroup lets members of a group use the console as admins.
func (s *Site) ChooseConsoleGroup(name string) {
	s.T.Helper()
	group, err := s.Store.Group(s.T.Context(), name)
	if err != nil {
		s.T.Fatal(err)
	}
	err = s.Store.SaveSettings(s.T.Context(), storetest.Actor, func(set *store.Settings) error {
		set.ConsoleGroupID, set.ConsoleGroup, set.ConsoleRole = group.ID, group.Name, model.RoleAdmin
		return nil
	})
	if err != nil {
		s.T.Fatal(err)
	}
}
