package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
)

// setupLink makes a link as an administrator does, and returns its path.
func (s *testSite) setupLink(days string) string {
	s.t.Helper()
	made := s.post("/connections/aws/setup-links?from=setup", url.Values{"days": {days}})
	path, found := strings.CutPrefix(made.doc.Find(".copybox-value").First().Text(), s.url)
	if made.status != http.StatusOK || !found || !strings.HasPrefix(path, "/setup-link/") {
		s.t.Fatalf("making a link answered %d with %q: %s", made.status, path, made.text())
	}
	return path
}

// holder is a site in the eyes of somebody who holds a setup link: another
// browser on the same Postern.
func (s *testSite) holder() *testSite {
	other := *s
	other.client = s.browser()
	return &other
}

// opened makes a link and opens it in a browser of its own.
func (s *testSite) opened() (*testSite, string) {
	s.t.Helper()
	path := s.setupLink("7")
	h := s.holder()
	expect(s.t, h.post(path, nil), http.StatusSeeOther, path)
	return h, path
}

// handOver sends the metadata form of the page behind a link.
func (s *testSite) handOver(path, version string, fields map[string]string, file string) *page {
	s.t.Helper()
	return s.sendMetadata(path+"/metadata", version, fields, file)
}

func (p *page) version() string { return p.doc.Find("input[name=version]").First().AttrOr("value", "") }

// Looking at the link uses nothing up; the button does, for one browser.
func TestSetupLinkOpensOnce(t *testing.T) {
	t.Parallel()
	s := newSetupAt(t, wizard.StepAWSApplication)
	path := s.setupLink("7")
	scanner, holder, other := s.holder(), s.holder(), s.holder()
	for range 3 {
		res := scanner.get(path)
		if res.status != http.StatusOK || res.find("form button") != "Open the steps" || strings.Contains(res.text(), "/saml/aws/acs") {
			t.Fatalf("a look answered %d: %s", res.status, res.text())
		}
	}
	res := holder.post(path, nil)
	expect(t, res, http.StatusSeeOther, path)
	cookie := res.header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=" + path} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie %q has no %s", cookie, want)
		}
	}
	for range 2 {
		if res := holder.get(path); res.status != http.StatusOK || !strings.Contains(res.text(), s.url+"/saml/aws/acs") {
			t.Errorf("the browser that opened it sees %d: %s", res.status, res.text())
		}
	}
	expect(t, other.post(path, nil), http.StatusSeeOther, path)
	for name, b := range map[string]*testSite{"scanner": scanner, "other": other} {
		res := b.get(path)
		if res.status != http.StatusGone || !strings.Contains(res.text(), "in another browser") || !strings.Contains(res.text(), "admin@example.com") {
			t.Errorf("%s: answered %d: %s", name, res.status, res.text())
		}
		expect(t, b.handOver(path, "1", map[string]string{"metadata": awsMetadata()}, ""), http.StatusSeeOther, path)
	}
	if s.draft().Config.IdPMetadata != "" {
		t.Error("a browser that did not open the link saved metadata")
	}
}

// A setup link opens nothing but its own page, and that page shows nobody.
func TestSetupLinkReachesNothingElse(t *testing.T) {
	t.Parallel()
	s := newSetupAt(t, wizard.StepAWSApplication)
	_, err := s.store.CreateUser(context.Background(), model.Actor{Name: "test"},
		model.User{Username: "zachary", Email: "zachary@example.com", Active: true, Source: model.UserManual}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h, path := s.opened()
	page := h.get(path)
	if strings.Contains(page.body, "zachary") ||
		page.doc.Find(`a[href="/users"], a[href="/settings"], a[href^="/setup/"], a[href^="/connections"]`).Length() != 0 {
		t.Errorf("the page shows more than AWS's side: %s", page.text())
	}
	drill(t, h, func(t *testing.T, rt route) {
		for _, pattern := range []string{concrete(rt.pattern), strings.NewReplacer("{connection}", "aws", "{slug}", "aws", "{step}", "metadata", "{username}",
			"zachary").Replace(rt.pattern)} {
			res := h.ask(route{method: rt.method, pattern: pattern}, nil)
			if res.status != http.StatusSeeOther || !strings.HasPrefix(res.header.Get("Location"), "/signin") {
				t.Errorf("%s answered %d to %q, want 303 to /signin", pattern, res.status, res.header.Get("Location"))
			}
		}
	})
	if res := h.do(http.MethodPost, path+"/metadata", nil, http.Header{"Sec-Fetch-Site": {"cross-site"},
		"Origin": {"https://evil.example"}}); res.status != http.StatusForbidden {
		t.Errorf("a form on another site answered %d, want 403", res.status)
	}
}

// Every way in which a link ends has a page that says so and what to do.
func TestSetupLinkEnds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end    func(*testSite)
		status int
		says   string
	}{
		"expired": {func(s *testSite) { s.now = s.now.Add(7 * 24 * time.Hour) }, http.StatusGone, "has expired"},
		"revoked": {func(s *testSite) {
			action := s.get("/connections/aws").doc.Find(`form[action*="/revoke"]`).AttrOr("action", "")
			expect(s.t, s.post(action, nil), http.StatusSeeOther, "/connections/aws")
		}, http.StatusGone, "admin@example.com ended it"},
		"live": {func(s *testSite) {
			if err := s.store.GoLive(context.Background(), model.Actor{Name: "test"}, "aws", s.draft().Version, true); err != nil {
				s.t.Fatal(err)
			}
		}, http.StatusGone, "This setup is finished"},
		"deleted": {func(s *testSite) {
			if err := s.store.DeleteConnection(context.Background(), model.Actor{Name: "test"}, "aws"); err != nil {
				s.t.Fatal(err)
			}
		}, http.StatusNotFound, "no such setup link"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetupAt(t, wizard.StepMetadata)
			h, path := s.opened()
			version := h.get(path).version()
			test.end(s)
			h.now = s.now
			for _, b := range []*testSite{h, s.holder()} {
				res := b.get(path)
				if res.status != test.status || !strings.Contains(res.text(), test.says) || !strings.Contains(res.text(), "new link") {
					t.Errorf("answered %d: %s", res.status, res.text())
				}
			}
			expect(t, h.handOver(path, version, map[string]string{"metadata": awsMetadata()}, ""), http.StatusSeeOther, path)
			expect(t, s.holder().post(path, nil), http.StatusSeeOther, path)
			if res := h.do(http.MethodGet, path+"/evidence", nil, http.Header{"Hx-Request": {"true"}}); res.header.Get("Hx-Refresh") != "true" {
				t.Errorf("an open page is not told: %d", res.status)
			}
			if c, err := s.store.Connection(context.Background(), "aws"); err == nil && c.Current().Config.IdPMetadata != "" {
				t.Error("metadata was saved through a link that had ended")
			}
		})
	}
	s := newSite(t)
	if res := s.get("/setup-link/nothing"); res.status != http.StatusNotFound || !strings.Contains(res.text(), "no such setup link") {
		t.Errorf("an unknown link answered %d: %s", res.status, res.text())
	}
}

// Metadata that comes through the link is in the draft, under the link's name.
func TestSetupLinkBringsMetadata(t *testing.T) {
	t.Parallel()
	for name, bring := range map[string]func(h *testSite, path, version string) *page{
		"file": func(h *testSite, path, version string) *page { return h.handOver(path, version, nil, awsMetadata()) },
		"paste": func(h *testSite, path, version string) *page {
			return h.handOver(path, version, map[string]string{"metadata": awsMetadata()}, "")
		},
		"address": func(h *testSite, path, version string) *page {
			srv := metadataServer(h.t, false, sends(awsMetadata()))
			return h.handOver(path, version, map[string]string{"metadata_url": srv.URL + "/saml/metadata/MTIzNDU2Nzg5MDEyX2lucy0wMTIzNDU2Nzg5YWJjZGVm"}, "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetupAt(t, wizard.StepAWSApplication)
			h, path := s.opened()
			expect(t, bring(h, path, h.get(path).version()), http.StatusSeeOther, path+"?brought=yes")
			rev := s.draft()
			if strings.TrimSpace(rev.Config.IdPMetadata) != strings.TrimSpace(awsMetadata()) || !strings.HasPrefix(rev.Author, "setup link ") ||
				!strings.HasSuffix(rev.Author, "(made by admin@example.com)") {
				t.Errorf("the draft is by %q and has %d bytes of metadata", rev.Author, len(rev.Config.IdPMetadata))
			}
			entries, _, err := s.store.Audit(context.Background(), store.AuditQuery{Action: "revision.save", Actor: rev.Author})
			if err != nil || len(entries) != 1 {
				t.Errorf("the audit has %+v, %v", entries, err)
			}
			if text := h.get(path).text(); !strings.Contains(text, "123456789012") || !strings.Contains(text, "us-east-1") {
				t.Errorf("what was brought is not shown back: %s", text)
			}
			if at := s.setup.flow.Resume(s.setup.setupFacts(setupCase{connection: s.connection("aws"), draft: rev}, 0)); at != wizard.StepAttributes {
				t.Errorf("the administrator goes on at %q, want %q", at, wizard.StepAttributes)
			}
		})
	}
}

// A wrong paste is named as in the wizard, and stays in the form.
func TestSetupLinkNamesWrongPastes(t *testing.T) {
	t.Parallel()
	s := newSetupAt(t, wizard.StepMetadata)
	h, path := s.opened()
	for _, paste := range []string{
		"<!doctype html><html><body>Sign in</body></html>",
		"arn:aws:sso::123456789012:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
		"https://portal.sso.eu-central-1.amazonaws.com/saml/assertion/MTIzNDU2Nzg5MDEyX2lucy0wMTIzNDU2Nzg5YWJjZGVm",
	} {
		res := h.handOver(path, h.get(path).version(), map[string]string{"metadata": paste}, "")
		want := s.submit(wizard.StepMetadata, url.Values{"metadata": {paste}}).find(".problems li")
		if got := res.find(".problems li"); res.status != http.StatusUnprocessableEntity || got != want || strings.TrimSpace(res.value("metadata")) != paste {
			t.Errorf("%q answered %d, saying %q and showing %q; the wizard says %q", paste, res.status, got, res.value("metadata"), want)
		}
	}
	if s.draft().Config.IdPMetadata != "" {
		t.Error("a wrong paste was saved")
	}
}

// An administrator who saved meanwhile loses nothing, and neither does the
// holder of the link, whose file is text in the form now.
func TestSetupLinkConflict(t *testing.T) {
	t.Parallel()
	s := newSetupAt(t, wizard.StepMetadata)
	h, path := s.opened()
	version := h.get(path).version()
	s.editDraft(func(rev *model.Revision) { rev.Config.Name = "Renamed" })
	before := s.draft()
	res := h.handOver(path, version, nil, awsMetadata())
	if res.status != http.StatusConflict || !strings.Contains(res.text(), "other@example.com saved this setup") {
		t.Fatalf("answered %d: %s", res.status, res.text())
	}
	if after := s.draft(); after.Version != before.Version {
		t.Error("a stale form was saved")
	}
	kept := res.value("metadata")
	if strings.TrimSpace(kept) != strings.TrimSpace(awsMetadata()) {
		t.Fatalf("the file is not kept: %q", kept)
	}
	expect(t, h.handOver(path, res.version(), map[string]string{"metadata": kept}, ""), http.StatusSeeOther, path+"?brought=yes")
	if after := s.draft(); after.Config.Name != "Renamed" || after.Config.IdPMetadata == "" {
		t.Errorf("the draft has name %q and %d bytes of metadata", after.Config.Name, len(after.Config.IdPMetadata))
	}
}

// The list turns green as things are seen, for the holder of the link and for
// administrators alike.
func TestSetupLinkEvidence(t *testing.T) {
	t.Parallel()
	s := newSetupAt(t, wizard.StepMetadata)
	h, path := s.opened()
	poll := func(at string) *page {
		return h.do(http.MethodGet, at, nil, http.Header{"Hx-Request": {"true"}})
	}
	at := h.get(path).doc.Find("#link-evidence").AttrOr("hx-get", "")
	for i, step := range []struct {
		name string
		do   func()
		says string
	}{
		{"metadata", func() { s.editDraft(func(rev *model.Revision) { rev.Config.IdPMetadata = awsMetadata() }) }, "123456789012"},
		{"request", func() { s.trial("aaaa", func(*model.Login) {}) }, "A first request has left for AWS Seen"},
		{"response", func() {
			s.trial("aaaa", func(l *model.Login) {
				l.Outcome, l.FinishedAt = model.OutcomeRefused, s.now
				l.Refusal = &model.Refusal{Code: model.CodeAudienceMismatch, Expected: "https://ours", Received: "https://theirs"}
			})
		}, "Now https://theirs"},
		{"passed", func() {
			s.trial("bbbb", func(l *model.Login) {
				l.Outcome, l.FinishedAt = model.OutcomeSignedIn, s.now.Add(time.Second)
			})
			rev := s.draft()
			if err := s.store.RecordTest(context.Background(), rev.ID, rev.Version, "bbbb", s.now); err != nil {
				t.Fatal(err)
			}
		}, "AWS's side works"},
	} {
		if res := poll(at); res.status != http.StatusNoContent {
			t.Errorf("before %s: no news answered %d", step.name, res.status)
		}
		step.do()
		res := poll(at)
		if res.status != http.StatusOK || !strings.Contains(strings.Join(strings.Fields(res.doc.Text()), " "), step.says) {
			t.Errorf("%s: answered %d: %s", step.name, res.status, res.doc.Text())
		}
		for who, p := range map[string]*page{"holder": res, "holder without scripts": h.get(path), "connection": s.get("/connections/aws"),
			"wizard": s.get("/setup/aws/aws-application")} {
			if seen := p.doc.Find(".evidence-seen").Length(); seen != i+1 {
				t.Errorf("%s: %s sees %d things done, want %d", step.name, who, seen, i+1)
			}
		}
		at = res.doc.Find("#link-evidence").AttrOr("hx-get", "")
	}
}

// Administrators see who made a link, until when it works, and whether it was
// opened; viewers see it without the buttons.
func TestSetupLinkPanel(t *testing.T) {
	t.Parallel()
	s := newSetupAt(t, wizard.StepAWSApplication)
	path := s.setupLink("30")
	row := func() string { return s.get("/setup/aws/aws-application").find("#links .rows") }
	expires := s.now.Add(30 * 24 * time.Hour).UTC().Format("2006-01-02 15:04:05 UTC")
	for _, want := range []string{"Not opened", "made by admin@example.com", expires, "Revoke setup link"} {
		if !strings.Contains(row(), want) {
			t.Errorf("the panel does not say %q: %s", want, row())
		}
	}
	expect(t, s.holder().post(path, nil), http.StatusSeeOther, path)
	if got := row(); !strings.Contains(got, "Opened from 127.0.0.1") {
		t.Errorf("the panel does not say that it was opened: %s", got)
	}
	if strings.Contains(s.get("/connections/aws").body, strings.TrimPrefix(path, "/setup-link/")) {
		t.Error("the link is shown a second time")
	}
	action := s.get("/setup/aws/aws-application").doc.Find(`form[action*="/revoke"]`).AttrOr("action", "")
	expect(t, s.post(action, nil), http.StatusSeeOther, "/setup/aws/aws-application")
	if got := row(); !strings.Contains(got, "Revoked by admin@example.com") {
		t.Errorf("the panel does not say that it was revoked: %s", got)
	}
	for _, said := range []string{"Setup link created", "Setup link opened", "Setup link revoked"} {
		if text := s.get("/audit").text(); !strings.Contains(text, said) {
			t.Errorf("the audit does not say %q: %s", said, text)
		}
	}
	for _, days := range []string{"", "2", "365"} {
		res := s.post("/connections/aws/setup-links", url.Values{"days": {days}})
		if res.status != http.StatusUnprocessableEntity || res.doc.Find(".problems").Length() != 1 {
			t.Errorf("%q days answered %d: %s", days, res.status, res.text())
		}
	}
	s.client = s.browser()
	s.signInAs(model.RoleViewer)
	if res := s.get("/connections/aws"); res.doc.Find("#link-news").Length() != 1 || res.doc.Find(`form[action*="setup-links"]`).Length() != 0 {
		t.Errorf("a viewer sees %s", res.text())
	}
}

// Before the values for AWS are settled there is nothing to hand over.
func TestSetupLinkNeedsTheValues(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	res := s.post("/connections/aws/setup-links", url.Values{"days": {"7"}})
	if res.status != http.StatusUnprocessableEntity || !strings.Contains(res.text(), "not settled yet") || res.doc.Find("#links").Length() != 0 {
		t.Errorf("answered %d: %s", res.status, res.text())
	}
}

func TestSetupLinkOpeningIsLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for i := range setupLinksPerMinute {
		if res := s.get("/setup-link/guess-" + strconv.Itoa(i)); res.status != http.StatusNotFound {
			t.Fatalf("guess %d answered %d", i, res.status)
		}
	}
	if res := s.get("/setup-link/one-more"); res.status != http.StatusTooManyRequests {
		t.Errorf("one guess too many answered %d, want 429", res.status)
	}
}

func TestSetupLinkIsNotLogged(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/setup-link/abc": "/setup-link/…", "/setup-link/abc/metadata": "/setup-link/…/metadata", "/setup/aws": "/setup/aws",
		"/crowd/rest/usermanagement/1/session/abc": "/crowd/rest/usermanagement/1/session/…",
		"/crowd/rest/usermanagement/1/group":       "/crowd/rest/usermanagement/1/group",
	} {
		if got := loggedPath(path); got != want {
			t.Errorf("%s is logged as %s, want %s", path, got, want)
		}
	}
}
