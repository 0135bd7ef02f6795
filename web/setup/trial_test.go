package setup_test

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/web/webtest"
)

func TestTestFollowsTheLogin(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepTest)
	seen := "none-"
	if res := s.Status(seen); res.Status != http.StatusNoContent {
		t.Errorf("no news answered %d, want 204", res.Status)
	}
	for _, step := range []struct {
		name   string
		do     func()
		seen   string
		expect string
	}{
		{"started", func() { s.Trial("aaaa", func(*model.Login) {}) }, "waiting-aaaa", "Waiting for AWS"},
		{"silent", func() { s.Now = s.Now.Add(2 * model.NoAnswerAfter) }, "no_answer-aaaa", "AWS has not sent anybody back"},
		{"refused", func() {
			s.Trial("bbbb", func(l *model.Login) {
				l.Outcome, l.FinishedAt = model.OutcomeRefused, s.Now
				l.Refusal = &model.Refusal{Code: model.CodeAudienceMismatch, Expected: "https://ours", Received: "https://theirs"}
			})
		}, "failed-bbbb", "https://theirs"},
		{"passed", func() {
			s.Now = s.Now.Add(1000)
			s.Trial("cccc", func(l *model.Login) {
				l.Outcome, l.FinishedAt, l.Username = model.OutcomeSignedIn, s.Now, "ana"
				l.Changes = []model.Change{{What: "created", Name: "ana", Why: "because"}}
				l.Person = &model.Person{Username: "ana", Attributes: map[string][]string{"department": {"Operations"}}}
			})
			rev := s.Draft()
			if err := s.Store.RecordTest(context.Background(), rev.ID, rev.Version, "cccc", s.Now); err != nil {
				t.Fatal(err)
			}
		}, "passed-cccc", "Operations"},
		{"changed since", func() { s.EditDraft(func(rev *model.Revision) { rev.Config.ClockSkew = 0 }) }, "outdated-cccc", "changed since"},
	} {
		step.do()
		res := s.Status(seen)
		if res.Status != http.StatusOK || !strings.Contains(res.Doc.Find("body").Text(), step.expect) {
			t.Errorf("%s: answered %d: %s", step.name, res.Status, res.Doc.Find("body").Text())
		}
		if got, _ := res.Doc.Find("#trial").Attr("hx-get"); got != "/setup/aws/test/status?seen="+step.seen {
			t.Errorf("%s: goes on at %q, want %q", step.name, got, step.seen)
		}
		if res := s.Status(step.seen); res.Status != http.StatusNoContent {
			t.Errorf("%s: seen already, answered %d", step.name, res.Status)
		}
		if res := s.Get("/setup/aws/test"); !strings.Contains(res.Text(), step.expect) {
			t.Errorf("%s: without scripts the page says %s", step.name, res.Text())
		}
		seen = step.seen
	}
	webtest.Expect(t, s.Get("/setup/aws/test/status"), http.StatusSeeOther, "/setup/aws/test")
}

func TestGoLiveNeedsATest(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepTest)
	version := strconv.Itoa(s.Draft().Version)
	res := s.Post("/setup/aws/go-live/confirm", url.Values{"version": {version}})
	if res.Status != http.StatusUnprocessableEntity || s.Connection("aws").Status == model.StatusLive {
		t.Errorf("answered %d; the connection is %s", res.Status, s.Connection("aws").Status)
	}
	if res := s.Post("/setup/aws/go-live/confirm", url.Values{"version": {"0"}, "unsafe": {"on"}}); res.Status != http.StatusConflict {
		t.Errorf("a stale form answered %d, want 409", res.Status)
	}
	webtest.Expect(t, s.Post("/setup/aws/go-live/confirm", url.Values{"version": {version}, "unsafe": {"on"}}), http.StatusSeeOther, "/setup/aws/go-live")
	entries, _, err := s.Store.Audit(context.Background(), store.AuditQuery{Action: "connection.go_live"})
	if err != nil || len(entries) != 1 || !strings.Contains(entries[0].Note, "unsafe") {
		t.Errorf("the audit has %+v, %v", entries, err)
	}
	if res := s.Get("/setup/aws/go-live"); !strings.Contains(res.Text(), s.URL+"/saml/aws/login") {
		t.Errorf("the page does not show the sign-in link: %s", res.Text())
	}
	if res := s.Get("/setup/aws"); res.Find("main form button") != "Start a draft" {
		t.Errorf("a live connection is not offered for editing: %s", res.Text())
	}
	if res := s.Post("/setup/aws/welcome", url.Values{"version": {version}, "name": {"x"}}); res.Status != http.StatusNotFound {
		t.Errorf("saving without a draft answered %d, want 404", res.Status)
	}
}

func TestGoLiveTested(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepTest)
	rev := s.Draft()
	if err := s.Store.RecordTest(context.Background(), rev.ID, rev.Version, "aaaa", s.Now); err != nil {
		t.Fatal(err)
	}
	if res := s.Get("/setup/aws/go-live"); res.Doc.Find("[name=unsafe]").Length() != 0 {
		t.Error("the unsafe way is offered although the test has passed")
	}
	webtest.Expect(t, s.Post("/setup/aws/go-live/confirm", url.Values{"version": {strconv.Itoa(s.Draft().Version)}}), http.StatusSeeOther, "/setup/aws/go-live")
	if got := s.Connection("aws").Status; got != model.StatusLive {
		t.Errorf("the connection is %s", got)
	}
}

func TestGoLiveNeedsUsableMetadata(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepTest)
	s.EditDraft(func(rev *model.Revision) { rev.Config.IdPMetadata = "<broken/>" })
	res := s.Post("/setup/aws/go-live/confirm", url.Values{"version": {strconv.Itoa(s.Draft().Version)}, "unsafe": {"on"}})
	if res.Status != http.StatusUnprocessableEntity || s.Connection("aws").Status == model.StatusLive {
		t.Errorf("answered %d; the connection is %s", res.Status, s.Connection("aws").Status)
	}
	if page := s.Get("/setup/aws/go-live"); page.Doc.Find(`form[action$="/confirm"]`).Length() != 0 {
		t.Error("the page offers to go live")
	}
}

func TestAFailedTestDrawsTheFieldToChange(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepTest)
	s.Trial("eeee", func(l *model.Login) {
		l.Outcome, l.FinishedAt = model.OutcomeRefused, s.Now
		l.Refusal = &model.Refusal{Code: model.CodeAudienceMismatch, Expected: "https://ours/metadata", Received: "https://ours/metadata/"}
	})
	field := s.Get("/setup/aws/test").Doc.Find("figure.aws-one")
	if label := field.Find(".aws-label").Text(); label != "Application SAML audience" {
		t.Errorf("the field is %q", label)
	}
	if wrong, right := field.Find("del").Text(), field.Find("code").Text(); wrong != "https://ours/metadata/" || right != "https://ours/metadata" {
		t.Errorf("now %q, right %q", wrong, right)
	}
}
