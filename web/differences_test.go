package web

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/paths"
)

func TestConnectionSaysWhatTheDraftChanges(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleAdmin)
	s.openConnection("aws")
	if s.get(paths.Connection("aws")).want(t, http.StatusOK).doc.Find("#differences").Length() != 0 {
		t.Error("differences are shown without a draft")
	}
	draft, err := s.store.StartDraft(context.Background(), tester, "aws")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.store.SaveDraft(context.Background(), tester, "aws", draft.Version, func(r *model.Revision) error {
		r.Config.JIT.Create = false
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if text := s.get(paths.Connection("aws")).text(); !strings.Contains(text, "People who are not known will no longer be created.") {
		t.Errorf("the draft's change is not said: %s", text)
	}
}
