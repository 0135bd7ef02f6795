package connections_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

func TestConnectionSaysWhatTheDraftChanges(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleAdmin)
	s.OpenConnection("aws")
	if s.Get(paths.Connection("aws")).Want(t, http.StatusOK).Doc.Find("#differences").Length() != 0 {
		t.Error("differences are shown without a draft")
	}
	draft, err := s.Store.StartDraft(context.Background(), webtest.Tester, "aws")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Store.SaveDraft(context.Background(), webtest.Tester, "aws", draft.Version, func(r *model.Revision) error {
		r.Config.JIT.Create = false
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if text := s.Get(paths.Connection("aws")).Text(); !strings.Contains(text, "People who are not known will no longer be created.") {
		t.Errorf("the draft's change is not said: %s", text)
	}
}
