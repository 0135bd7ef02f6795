package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/wizard"
)

// testedAs writes a test login that passed and brought these attributes.
func (s *testSite) testedAs(attributes map[string][]string) {
	s.t.Helper()
	s.trial("dddd", func(l *model.Login) {
		l.Outcome, l.FinishedAt, l.Username = model.OutcomeSignedIn, s.now, "a4d8f4c8"
		l.Person = &model.Person{Username: "a4d8f4c8", NameID: "a4d8f4c8", Attributes: attributes}
	})
	rev := s.draft()
	if err := s.store.RecordTest(s.t.Context(), rev.ID, rev.Version, "dddd", s.now); err != nil {
		s.t.Fatal(err)
	}
}

func TestUsernameIsChosenFromWhatArrived(t *testing.T) {
	t.Parallel()
	s := newSetupAt(t, wizard.StepTest)
	s.testedAs(map[string][]string{"login": {"Ana.Lima@example.com"}, "groups": {"a", "b"}, "title": {"two words"}})
	page := s.get("/setup/aws/test")
	offered := page.doc.Find("input[name=source]").Map(func(_ int, in *goquery.Selection) string { return in.AttrOr("value", "") })
	if got := strings.Join(offered, " "); got != "subject login title" {
		t.Fatalf("offered: %s", got)
	}
	form := page.hidden("form[action$='/test/username']")
	for source, want := range map[string]int{"groups": http.StatusNotFound, "title": http.StatusNotFound, "nothing": http.StatusNotFound} {
		form.Set("source", source)
		if res := s.post("/setup/aws/test/username", form); res.status != want {
			t.Errorf("%s answered %d, want %d", source, res.status, want)
		}
	}
	form.Set("source", "login")
	if res := s.post("/setup/aws/test/username", form); res.status != http.StatusSeeOther {
		t.Fatalf("choosing answered %d: %s", res.status, res.text())
	}
	rev := s.draft()
	if rev.Config.Attributes.Username != "login" || rev.TestedLogin != "" {
		t.Errorf("the username comes from %q, tested by %q", rev.Config.Attributes.Username, rev.TestedLogin)
	}
	stale := url.Values{"version": {strconv.Itoa(rev.Version - 1)}, "source": {"subject"}}
	if res := s.post("/setup/aws/test/username", stale); res.status != http.StatusConflict {
		t.Errorf("with an old version: %d", res.status)
	}
}
