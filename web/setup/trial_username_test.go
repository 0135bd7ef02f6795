package setup_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/web/webtest"
)

func TestUsernameIsChosenFromWhatArrived(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepTest)
	s.TestedAs(map[string][]string{"login": {"Ana.Lima@example.com"}, "groups": {"a", "b"}, "title": {"two words"}})
	page := s.Get("/setup/aws/test")
	offered := page.Doc.Find("input[name=source]").Map(func(_ int, in *goquery.Selection) string { return in.AttrOr("value", "") })
	if got := strings.Join(offered, " "); got != "subject login title" {
		t.Fatalf("offered: %s", got)
	}
	form := page.Hidden("form[action$='/test/username']")
	for source, want := range map[string]int{"groups": http.StatusNotFound, "title": http.StatusNotFound, "nothing": http.StatusNotFound} {
		form.Set("source", source)
		if res := s.Post("/setup/aws/test/username", form); res.Status != want {
			t.Errorf("%s answered %d, want %d", source, res.Status, want)
		}
	}
	form.Set("source", "login")
	if res := s.Post("/setup/aws/test/username", form); res.Status != http.StatusSeeOther {
		t.Fatalf("choosing answered %d: %s", res.Status, res.Text())
	}
	rev := s.Draft()
	if rev.Config.Attributes.Username != "login" || rev.TestedLogin != "" {
		t.Errorf("the username comes from %q, tested by %q", rev.Config.Attributes.Username, rev.TestedLogin)
	}
	stale := url.Values{"version": {strconv.Itoa(rev.Version - 1)}, "source": {"subject"}}
	if res := s.Post("/setup/aws/test/username", stale); res.Status != http.StatusConflict {
		t.Errorf("with an old version: %d", res.Status)
	}
}
