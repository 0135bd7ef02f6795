package webtest

import (
	"context"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// Change changes the app "jira" while sign-ins are under way.
func (s *AppSite) Change(t testing.TB, f func(*model.App)) {
	t.Helper()
	app, err := s.Store.App(context.Background(), "jira")
	if err != nil {
		t.Fatal(err)
	}
	f(&app)
	if err := s.Store.SaveApp(context.Background(), storetest.Actor, app); err != nil {
		t.Fatal(err)
	}
}
