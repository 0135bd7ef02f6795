package web

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
)

// trial writes a test login of the draft.
func (s *testSite) trial(id string, change func(*model.Login)) {
	s.t.Helper()
	rev := s.draft()
	l := model.Login{ID: id, Connection: "aws", RevisionID: rev.ID, RevisionVersion: rev.Version, Test: true, StartedAt: s.now, Outcome: model.OutcomePending}
	change(&l)
	if _, err := s.store.SaveLogin(context.Background(), l); err != nil {
		s.t.Fatal(err)
	}
}

// status polls as the page's script does.
func (s *testSite) status(seen string) *page {
	return s.do(http.MethodGet, "/setup/aws/test/status?seen="+url.QueryEscape(seen), nil, http.Header{"Hx-Request": {"true"}})
}

func TestTestFollowsTheLogin(t *testing.T) {
	t.Parallel()
	s := newSetupAt(t, wizard.StepTest)
	seen := "none-"
	if res := s.status(seen); res.status != http.StatusNoContent {
		t.Errorf("no news answered %d, want 204", res.status)
	}
	for _, step := range []struct {
		name   string
		do     func()
		seen   string
		expect string
	}{
		{"started", func() { s.trial("aaaa", func(*model.Login) {}) }, "waiting-aaaa", "Waiting for AWS"},
		{"silent", func() { s.now = s.now.Add(2 * model.NoAnswerAfter) }, "no_answer-aaaa", "AWS has not sent anybody back"},
		{"refused", func() {
			s.trial("bbbb", func(l *model.Login) {
				l.Outcome, l.FinishedAt = model.OutcomeRefused, s.now
				l.Refusal = &model.Refusal{Code: model.CodeAudienceMismatch, Expected: "https://ours", Received: "https://theirs"}
			})
		}, "failed-bbbb", "https://theirs"},
		{"passed", func() {
			s.now = s.now.Add(1000)
			s.trial("cccc", func(l *model.Login) {
				l.Outcome, l.FinishedAt, l.Username = model.OutcomeSignedIn, s.now, "ana"
				l.Changes = []model.Change{{What: "created", Name: "ana", Why: "because"}}
				l.Person = &model.Person{Username: "ana", Attributes: map[string][]string{"department": {"Operations"}}}
			})
			rev := s.draft()
			if err := s.store.RecordTest(context.Background(), rev.ID, rev.Version, "cccc", s.now); err != nil {
				t.Fatal(err)
			}
		}, "passed-cccc", "Operations"},
		{"changed since", func() { s.editDraft(func(rev *model.Revision) { rev.Config.ClockSkew = 0 }) }, "outdated-cccc", "changed since"},
	} {
		step.do()
		res := s.status(seen)
		if res.status != http.StatusOK || !strings.Contains(res.doc.Find("body").Text(), step.expect) {
			t.Errorf("%s: answered %d: %s", step.name, res.status, res.doc.Find("body").Text())
		}
		if got, _ := res.doc.Find("#trial").Attr("hx-get"); got != "/setup/aws/test/status?seen="+step.seen {
			t.Errorf("%s: goes on at %q, want %q", step.name, got, step.seen)
		}
		if res := s.status(step.seen); res.status != http.StatusNoContent {
			t.Errorf("%s: seen already, answered %d", step.name, res.status)
		}
		if res := s.get("/setup/aws/test"); !strings.Contains(res.text(), step.expect) {
			t.Errorf("%s: without scripts the page says %s", step.name, res.text())
		}
		seen = step.seen
	}
	expect(t, s.get("/setup/aws/test/status"), http.StatusSeeOther, "/setup/aws/test")
}

func TestGoLiveNeedsATest(t *testing.T) {
	t.Parallel()
	s := newSetupAt(t, wizard.StepTest)
	version := strconv.Itoa(s.draft().Version)
	res := s.post("/setup/aws/go-live/confirm", url.Values{"version": {version}})
	if res.status != http.StatusUnprocessableEntity || s.connection("aws").Status == model.StatusLive {
		t.Errorf("answered %d; the connection is %s", res.status, s.connection("aws").Status)
	}
	if res := s.post("/setup/aws/go-live/confirm", url.Values{"version": {"0"}, "unsafe": {"on"}}); res.status != http.StatusConflict {
		t.Errorf("a stale form answered %d, want 409", res.status)
	}
	expect(t, s.post("/setup/aws/go-live/confirm", url.Values{"version": {version}, "unsafe": {"on"}}), http.StatusSeeOther, "/setup/aws/go-live")
	entries, _, err := s.store.Audit(context.Background(), store.AuditQuery{Action: "connection.go_live"})
	if err != nil || len(entries) != 1 || !strings.Contains(entries[0].Note, "unsafe") {
		t.Errorf("the audit has %+v, %v", entries, err)
	}
	if res := s.get("/setup/aws/go-live"); !strings.Contains(res.text(), s.url+"/saml/aws/login") {
		t.Errorf("the page does not show the sign-in link: %s", res.text())
	}
	if res := s.get("/setup/aws"); res.find("main form button") != "Start a draft" {
		t.Errorf("a live connection is not offered for editing: %s", res.text())
	}
	if res := s.post("/setup/aws/welcome", url.Values{"version": {version}, "name": {"x"}}); res.status != http.StatusNotFound {
		t.Errorf("saving without a draft answered %d, want 404", res.status)
	}
}

func TestGoLiveTested(t *testing.T) {
	t.Parallel()
	s := newSetupAt(t, wizard.StepTest)
	rev := s.draft()
	if err := s.store.RecordTest(context.Background(), rev.ID, rev.Version, "aaaa", s.now); err != nil {
		t.Fatal(err)
	}
	if res := s.get("/setup/aws/go-live"); res.doc.Find("[name=unsafe]").Length() != 0 {
		t.Error("the unsafe way is offered although the test has passed")
	}
	expect(t, s.post("/setup/aws/go-live/confirm", url.Values{"version": {strconv.Itoa(s.draft().Version)}}), http.StatusSeeOther, "/setup/aws/go-live")
	if got := s.connection("aws").Status; got != model.StatusLive {
		t.Errorf("the connection is %s", got)
	}
}

func TestGoLiveNeedsUsableMetadata(t *testing.T) {
	t.Parallel()
	s := newSetupAt(t, wizard.StepTest)
	s.editDraft(func(rev *model.Revision) { rev.Config.IdPMetadata = "<broken/>" })
	res := s.post("/setup/aws/go-live/confirm", url.Values{"version": {strconv.Itoa(s.draft().Version)}, "unsafe": {"on"}})
	if res.status != http.StatusUnprocessableEntity || s.connection("aws").Status == model.StatusLive {
		t.Errorf("answered %d; the connection is %s", res.status, s.connection("aws").Status)
	}
	if page := s.get("/setup/aws/go-live"); page.doc.Find(`form[action$="/confirm"]`).Length() != 0 {
		t.Error("the page offers to go live")
	}
}

func TestAFailedTestDrawsTheFieldToChange(t *testing.T) {
	t.Parallel()
	s := newSetupAt(t, wizard.StepTest)
	s.trial("eeee", func(l *model.Login) {
		l.Outcome, l.FinishedAt = model.OutcomeRefused, s.now
		l.Refusal = &model.Refusal{Code: model.CodeAudienceMismatch, Expected: "https://ours/metadata", Received: "https://ours/metadata/"}
	})
	field := s.get("/setup/aws/test").doc.Find("figure.aws-one")
	if label := field.Find(".aws-label").Text(); label != "Application SAML audience" {
		t.Errorf("the field is %q", label)
	}
	if wrong, right := field.Find("del").Text(), field.Find("code").Text(); wrong != "https://ours/metadata/" || right != "https://ours/metadata" {
		t.Errorf("now %q, right %q", wrong, right)
	}
}
