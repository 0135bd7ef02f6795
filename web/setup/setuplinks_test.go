package setup_test

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
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/setup"
	"github.com/postern-sso/postern/web/webtest"
)

// Looking at the link uses nothing up; the button does, for one browser.
func TestSetupLinkOpensOnce(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepAWSApplication)
	path := s.SetupLink("7")
	scanner, holder, other := s.Holder(), s.Holder(), s.Holder()
	for range 3 {
		res := scanner.Get(path)
		if res.Status != http.StatusOK || res.Find("form button") != "Open the steps" || strings.Contains(res.Text(), "/saml/aws/acs") {
			t.Fatalf("a look answered %d: %s", res.Status, res.Text())
		}
	}
	res := holder.Post(path, nil)
	webtest.Expect(t, res, http.StatusSeeOther, path)
	cookie := res.Header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=" + path} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie %q has no %s", cookie, want)
		}
	}
	for range 2 {
		if res := holder.Get(path); res.Status != http.StatusOK || !strings.Contains(res.Text(), s.URL+"/saml/aws/acs") {
			t.Errorf("the browser that opened it sees %d: %s", res.Status, res.Text())
		}
	}
	webtest.Expect(t, other.Post(path, nil), http.StatusSeeOther, path)
	for name, b := range map[string]*webtest.Site{"scanner": scanner, "other": other} {
		res := b.Get(path)
		if res.Status != http.StatusGone || !strings.Contains(res.Text(), "in another browser") || !strings.Contains(res.Text(), "admin@example.com") {
			t.Errorf("%s: answered %d: %s", name, res.Status, res.Text())
		}
		webtest.Expect(t, b.HandOver(path, "1", map[string]string{"metadata": webtest.AwsMetadata()}, ""), http.StatusSeeOther, path)
	}
	if s.Draft().Config.IdPMetadata != "" {
		t.Error("a browser that did not open the link saved metadata")
	}
}

// A setup link opens nothing but its own page, and that page shows nobody.
func TestSetupLinkReachesNothingElse(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepAWSApplication)
	_, err := s.Store.CreateUser(context.Background(), model.Actor{Name: "test"},
		model.User{Username: "zachary", Email: "zachary@example.com", Active: true, Source: model.UserManual}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h, path := s.Opened()
	page := h.Get(path)
	if strings.Contains(page.Body, "zachary") ||
		page.Doc.Find(`a[href="/users"], a[href="/settings"], a[href^="/setup/"], a[href^="/connections"]`).Length() != 0 {
		t.Errorf("the page shows more than AWS's side: %s", page.Text())
	}
	webtest.Drill(t, h, func(t *testing.T, rt kit.Route) {
		for _, pattern := range []string{webtest.Concrete(rt.Pattern), strings.NewReplacer("{connection}", "aws", "{slug}", "aws", "{step}", "metadata", "{username}",
			"zachary").Replace(rt.Pattern)} {
			res := h.Ask(kit.Route{Method: rt.Method, Pattern: pattern}, nil)
			if res.Status != http.StatusSeeOther || !strings.HasPrefix(res.Header.Get("Location"), "/signin") {
				t.Errorf("%s answered %d to %q, want 303 to /signin", pattern, res.Status, res.Header.Get("Location"))
			}
		}
	})
	if res := h.Do(http.MethodPost, path+"/metadata", nil, http.Header{"Sec-Fetch-Site": {"cross-site"},
		"Origin": {"https://evil.example"}}); res.Status != http.StatusForbidden {
		t.Errorf("a form on another site answered %d, want 403", res.Status)
	}
}

// Every way in which a link ends has a page that says so and what to do.
func TestSetupLinkEnds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end    func(*webtest.Site)
		status int
		says   string
	}{
		"expired": {func(s *webtest.Site) { s.Now = s.Now.Add(7 * 24 * time.Hour) }, http.StatusGone, "has expired"},
		"revoked": {func(s *webtest.Site) {
			action := s.Get("/connections/aws").Doc.Find(`form[action*="/revoke"]`).AttrOr("action", "")
			webtest.Expect(s.T, s.Post(action, nil), http.StatusSeeOther, "/connections/aws")
		}, http.StatusGone, "admin@example.com ended it"},
		"live": {func(s *webtest.Site) {
			if err := s.Store.GoLive(context.Background(), model.Actor{Name: "test"}, "aws", s.Draft().Version, true); err != nil {
				s.T.Fatal(err)
			}
		}, http.StatusGone, "This setup is finished"},
		"deleted": {func(s *webtest.Site) {
			if err := s.Store.DeleteConnection(context.Background(), model.Actor{Name: "test"}, "aws"); err != nil {
				s.T.Fatal(err)
			}
		}, http.StatusNotFound, "no such setup link"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := webtest.NewSetupAt(t, wizard.StepMetadata)
			h, path := s.Opened()
			version := h.Get(path).Version()
			test.end(s)
			h.Now = s.Now
			for _, b := range []*webtest.Site{h, s.Holder()} {
				res := b.Get(path)
				if res.Status != test.status || !strings.Contains(res.Text(), test.says) || !strings.Contains(res.Text(), "new link") {
					t.Errorf("answered %d: %s", res.Status, res.Text())
				}
			}
			webtest.Expect(t, h.HandOver(path, version, map[string]string{"metadata": webtest.AwsMetadata()}, ""), http.StatusSeeOther, path)
			webtest.Expect(t, s.Holder().Post(path, nil), http.StatusSeeOther, path)
			if res := h.Do(http.MethodGet, path+"/evidence", nil, http.Header{"Hx-Request": {"true"}}); res.Header.Get("Hx-Refresh") != "true" {
				t.Errorf("an open page is not told: %d", res.Status)
			}
			if c, err := s.Store.Connection(context.Background(), "aws"); err == nil && c.Current().Config.IdPMetadata != "" {
				t.Error("metadata was saved through a link that had ended")
			}
		})
	}
	s := webtest.NewSite(t)
	if res := s.Get("/setup-link/nothing"); res.Status != http.StatusNotFound || !strings.Contains(res.Text(), "no such setup link") {
		t.Errorf("an unknown link answered %d: %s", res.Status, res.Text())
	}
}

// Metadata that comes through the link is in the draft, under the link's name.
func TestSetupLinkBringsMetadata(t *testing.T) {
	t.Parallel()
	for name, bring := range map[string]func(h *webtest.Site, path, version string) *webtest.Page{
		"file": func(h *webtest.Site, path, version string) *webtest.Page {
			return h.HandOver(path, version, nil, webtest.AwsMetadata())
		},
		"paste": func(h *webtest.Site, path, version string) *webtest.Page {
			return h.HandOver(path, version, map[string]string{"metadata": webtest.AwsMetadata()}, "")
		},
		"address": func(h *webtest.Site, path, version string) *webtest.Page {
			srv := webtest.MetadataServer(h.T, false, webtest.Sends(webtest.AwsMetadata()))
			return h.HandOver(path, version, map[string]string{"metadata_url": srv.URL + "/saml/metadata/MTIzNDU2Nzg5MDEyX2lucy0wMTIzNDU2Nzg5YWJjZGVm"}, "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := webtest.NewSetupAt(t, wizard.StepAWSApplication)
			h, path := s.Opened()
			webtest.Expect(t, bring(h, path, h.Get(path).Version()), http.StatusSeeOther, path+"?brought=yes")
			rev := s.Draft()
			if strings.TrimSpace(rev.Config.IdPMetadata) != strings.TrimSpace(webtest.AwsMetadata()) || !strings.HasPrefix(rev.Author, "setup link ") ||
				!strings.HasSuffix(rev.Author, "(made by admin@example.com)") {
				t.Errorf("the draft is by %q and has %d bytes of metadata", rev.Author, len(rev.Config.IdPMetadata))
			}
			entries, _, err := s.Store.Audit(context.Background(), store.AuditQuery{Action: "revision.save", Actor: rev.Author})
			if err != nil || len(entries) != 1 {
				t.Errorf("the audit has %+v, %v", entries, err)
			}
			if text := h.Get(path).Text(); !strings.Contains(text, "123456789012") || !strings.Contains(text, "us-east-1") {
				t.Errorf("what was brought is not shown back: %s", text)
			}
			if at := s.Setup.Flow.Resume(s.Setup.SetupFacts(setup.SetupCase{Connection: s.Connection("aws"), Draft: rev}, 0)); at != wizard.StepAttributes {
				t.Errorf("the administrator goes on at %q, want %q", at, wizard.StepAttributes)
			}
		})
	}
}

// A wrong paste is named as in the wizard, and stays in the form.
func TestSetupLinkNamesWrongPastes(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepMetadata)
	h, path := s.Opened()
	for _, paste := range []string{
		"<!doctype html><html><body>Sign in</body></html>",
		"arn:aws:sso::123456789012:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
		"https://portal.sso.eu-central-1.amazonaws.com/saml/assertion/MTIzNDU2Nzg5MDEyX2lucy0wMTIzNDU2Nzg5YWJjZGVm",
	} {
		res := h.HandOver(path, h.Get(path).Version(), map[string]string{"metadata": paste}, "")
		want := s.Submit(wizard.StepMetadata, url.Values{"metadata": {paste}}).Find(".problems li")
		if got := res.Find(".problems li"); res.Status != http.StatusUnprocessableEntity || got != want || strings.TrimSpace(res.Value("metadata")) != paste {
			t.Errorf("%q answered %d, saying %q and showing %q; the wizard says %q", paste, res.Status, got, res.Value("metadata"), want)
		}
	}
	if s.Draft().Config.IdPMetadata != "" {
		t.Error("a wrong paste was saved")
	}
}

// An administrator who saved meanwhile loses nothing, and neither does the
// holder of the link, whose file is text in the form now.
func TestSetupLinkConflict(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepMetadata)
	h, path := s.Opened()
	version := h.Get(path).Version()
	s.EditDraft(func(rev *model.Revision) { rev.Config.Name = "Renamed" })
	before := s.Draft()
	res := h.HandOver(path, version, nil, webtest.AwsMetadata())
	if res.Status != http.StatusConflict || !strings.Contains(res.Text(), "other@example.com saved this setup") {
		t.Fatalf("answered %d: %s", res.Status, res.Text())
	}
	if after := s.Draft(); after.Version != before.Version {
		t.Error("a stale form was saved")
	}
	kept := res.Value("metadata")
	if strings.TrimSpace(kept) != strings.TrimSpace(webtest.AwsMetadata()) {
		t.Fatalf("the file is not kept: %q", kept)
	}
	webtest.Expect(t, h.HandOver(path, res.Version(), map[string]string{"metadata": kept}, ""), http.StatusSeeOther, path+"?brought=yes")
	if after := s.Draft(); after.Config.Name != "Renamed" || after.Config.IdPMetadata == "" {
		t.Errorf("the draft has name %q and %d bytes of metadata", after.Config.Name, len(after.Config.IdPMetadata))
	}
}

// The list turns green as things are seen, for the holder of the link and for
// administrators alike.
func TestSetupLinkEvidence(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepMetadata)
	h, path := s.Opened()
	poll := func(at string) *webtest.Page {
		return h.Do(http.MethodGet, at, nil, http.Header{"Hx-Request": {"true"}})
	}
	at := h.Get(path).Doc.Find("#link-evidence").AttrOr("hx-get", "")
	for i, step := range []struct {
		name string
		do   func()
		says string
	}{
		{"metadata", func() { s.EditDraft(func(rev *model.Revision) { rev.Config.IdPMetadata = webtest.AwsMetadata() }) }, "123456789012"},
		{"request", func() { s.Trial("aaaa", func(*model.Login) {}) }, "A first request has left for AWS Seen"},
		{"response", func() {
			s.Trial("aaaa", func(l *model.Login) {
				l.Outcome, l.FinishedAt = model.OutcomeRefused, s.Now
				l.Refusal = &model.Refusal{Code: model.CodeAudienceMismatch, Expected: "https://ours", Received: "https://theirs"}
			})
		}, "Now https://theirs"},
		{"passed", func() {
			s.Trial("bbbb", func(l *model.Login) {
				l.Outcome, l.FinishedAt = model.OutcomeSignedIn, s.Now.Add(time.Second)
			})
			rev := s.Draft()
			if err := s.Store.RecordTest(context.Background(), rev.ID, rev.Version, "bbbb", s.Now); err != nil {
				t.Fatal(err)
			}
		}, "AWS's side works"},
	} {
		if res := poll(at); res.Status != http.StatusNoContent {
			t.Errorf("before %s: no news answered %d", step.name, res.Status)
		}
		step.do()
		res := poll(at)
		if res.Status != http.StatusOK || !strings.Contains(strings.Join(strings.Fields(res.Doc.Text()), " "), step.says) {
			t.Errorf("%s: answered %d: %s", step.name, res.Status, res.Doc.Text())
		}
		for who, p := range map[string]*webtest.Page{"holder": res, "holder without scripts": h.Get(path), "connection": s.Get("/connections/aws"),
			"wizard": s.Get("/setup/aws/aws-application")} {
			if seen := p.Doc.Find(".evidence-seen").Length(); seen != i+1 {
				t.Errorf("%s: %s sees %d things done, want %d", step.name, who, seen, i+1)
			}
		}
		at = res.Doc.Find("#link-evidence").AttrOr("hx-get", "")
	}
}

// Administrators see who made a link, until when it works, and whether it was
// opened; viewers see it without the buttons.
func TestSetupLinkPanel(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepAWSApplication)
	path := s.SetupLink("30")
	row := func() string { return s.Get("/setup/aws/aws-application").Find("#links .rows") }
	expires := s.Now.Add(30 * 24 * time.Hour).UTC().Format("2 January 2006, 15:04 UTC")
	for _, want := range []string{"Not opened", "made by admin@example.com", expires, "Revoke setup link"} {
		if !strings.Contains(row(), want) {
			t.Errorf("the panel does not say %q: %s", want, row())
		}
	}
	webtest.Expect(t, s.Holder().Post(path, nil), http.StatusSeeOther, path)
	if got := row(); !strings.Contains(got, "Opened from 127.0.0.1") {
		t.Errorf("the panel does not say that it was opened: %s", got)
	}
	if strings.Contains(s.Get("/connections/aws").Body, strings.TrimPrefix(path, "/setup-link/")) {
		t.Error("the link is shown a second time")
	}
	action := s.Get("/setup/aws/aws-application").Doc.Find(`form[action*="/revoke"]`).AttrOr("action", "")
	webtest.Expect(t, s.Post(action, nil), http.StatusSeeOther, "/setup/aws/aws-application")
	if got := row(); !strings.Contains(got, "Revoked by admin@example.com") {
		t.Errorf("the panel does not say that it was revoked: %s", got)
	}
	for _, said := range []string{"Setup link created", "Setup link opened", "Setup link revoked"} {
		if text := s.Get("/audit").Text(); !strings.Contains(text, said) {
			t.Errorf("the audit does not say %q: %s", said, text)
		}
	}
	for _, days := range []string{"", "2", "365"} {
		res := s.Post("/connections/aws/setup-links", url.Values{"days": {days}})
		if res.Status != http.StatusUnprocessableEntity || res.Doc.Find(".problems").Length() != 1 {
			t.Errorf("%q days answered %d: %s", days, res.Status, res.Text())
		}
	}
	s.Client = s.Browser()
	s.SignInAs(model.RoleViewer)
	if res := s.Get("/connections/aws"); res.Doc.Find("#link-news").Length() != 1 || res.Doc.Find(`form[action*="setup-links"]`).Length() != 0 {
		t.Errorf("a viewer sees %s", res.Text())
	}
}

// Before the values for AWS are settled there is nothing to hand over.
func TestSetupLinkNeedsTheValues(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetup(t)
	res := s.Post("/connections/aws/setup-links", url.Values{"days": {"7"}})
	if res.Status != http.StatusUnprocessableEntity || !strings.Contains(res.Text(), "not settled yet") || res.Doc.Find("#links").Length() != 0 {
		t.Errorf("answered %d: %s", res.Status, res.Text())
	}
}

func TestSetupLinkOpeningIsLimited(t *testing.T) {
	t.Parallel()
	s := webtest.NewSite(t)
	for i := range kit.SetupLinksPerMinute {
		if res := s.Get("/setup-link/guess-" + strconv.Itoa(i)); res.Status != http.StatusNotFound {
			t.Fatalf("guess %d answered %d", i, res.Status)
		}
	}
	if res := s.Get("/setup-link/one-more"); res.Status != http.StatusTooManyRequests {
		t.Errorf("one guess too many answered %d, want 429", res.Status)
	}
}

func TestSetupLinkIsNotLogged(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/setup-link/abc": "/setup-link/…", "/setup-link/abc/metadata": "/setup-link/…/metadata", "/setup/aws": "/setup/aws",
		"/crowd/rest/usermanagement/1/session/abc": "/crowd/rest/usermanagement/1/session/…",
		"/crowd/rest/usermanagement/1/group":       "/crowd/rest/usermanagement/1/group",
	} {
		if got := kit.LoggedPath(path); got != want {
			t.Errorf("%s is logged as %s, want %s", path, got, want)
		}
	}
}
