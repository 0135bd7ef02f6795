package warnings_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/warnings"
	"github.com/postern-sso/postern/web/webtest"
)

// Many services put a secret into the path of a webhook's address.
func TestTheAddressOfAWebhookIsASecret(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	var log bytes.Buffer
	s.Log = slog.New(slog.NewTextHandler(&log, nil))
	address := url.Values{"webhook_url": {"https://127.0.0.1:1/services/T000/HUSH"}}
	s.Post("/settings/warnings/webhook", address).Want(t, http.StatusOK)
	to, err := s.Store.Warnings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Warnings.Tell(t.Context(), to, warnings.Notice{Key: "k/1", Subject: "x", Text: "y", Link: "z"}, model.ChannelWebhook); err != nil ||
		!strings.Contains(log.String(), "not delivered") {
		t.Fatalf("told: %v, %s", err, log.String())
	}
	if !strings.Contains(s.Get("/settings/warnings").Body, "HUSH") {
		t.Error("its owner does not see it")
	}
	s.Client = s.Browser()
	s.SignInAs(model.RoleViewer)
	for where, text := range map[string]string{"log": log.String(), "page": s.Get("/settings/warnings").Body,
		"audit": s.Get("/audit").Body, "export": s.Get("/audit/export.jsonl").Body} {
		if strings.Contains(text, "HUSH") {
			t.Errorf("it stands in the %s", where)
		}
	}
	if !strings.Contains(s.Get("/settings/warnings").Text(), "https://127.0.0.1:1/… (") {
		t.Error("nobody sees that there is one")
	}
}

// In the database it is sealed, one of an earlier version's too; calls go on.
func TestRow21WebhookAddressIsSealed(t *testing.T) {
	t.Parallel()
	called := 0
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "HUSH") {
			called++
		}
	}))
	t.Cleanup(hook.Close)
	s := webtest.NewSiteOn(t, storetest.OpenPool(t))
	s.SignInAs(model.RoleOwner)
	stored := func(want bool) {
		t.Helper()
		var row string
		if err := s.Store.Pool().QueryRow(t.Context(), "select w::text || encode(coalesce(webhook_url_sealed, ''), "+
			"'escape') from warnings w").Scan(&row); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(row, "HUSH") != want {
			t.Errorf("in the database stands %s", row)
		}
	}
	test := func() {
		t.Helper()
		called = 0
		if s.Post("/settings/warnings/webhook/test", nil).Want(t, http.StatusSeeOther); called != 1 {
			t.Errorf("%d calls arrived", called)
		}
		if page := s.Get("/settings/warnings"); page.Value("webhook_url") != hook.URL+"/HUSH" {
			t.Errorf("its owner sees %q", page.Value("webhook_url"))
		}
	}
	s.Post("/settings/warnings/webhook", url.Values{"webhook_url": {hook.URL + "/HUSH"}}).Want(t, http.StatusOK)
	stored(false)
	test()

	_, err := s.Store.Pool().Exec(t.Context(), "update warnings set webhook_url = $1, webhook_url_sealed = null, webhook_shown = ''", hook.URL+"/HUSH")
	if err != nil {
		t.Fatal(err)
	}
	stored(true)
	test()
	audited := s.Audited("warnings.webhook")
	if err := s.Warnings.Warn(t.Context()); err != nil {
		t.Fatal(err)
	}
	stored(false)
	test()
	if n := s.Audited("warnings.webhook"); n != audited {
		t.Errorf("to seal it made %d entries in the audit", n-audited)
	}
	s.Client = s.Browser()
	s.SignInAs(model.RoleViewer)
	if text := s.Get("/settings/warnings").Text(); !strings.Contains(text, "http") || strings.Contains(text, "HUSH") {
		t.Errorf("others see %s", text)
	}
}

// Whoever may change the mail server must not get the password sent to theirs.
func TestRow21PasswordStaysWithItsServer(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	form := url.Values{"smtp_host": {"smtp.example.com"}, "smtp_port": {"587"}, "smtp_tls": {"starttls"}, "smtp_user": {"u"}, "smtp_password": {"hush"},
		"mail_from": {"a@example.com"}, "mail_to": {"b@example.com"}}
	s.Post("/settings/warnings/mail", form).Want(t, http.StatusSeeOther)
	form.Set("smtp_password", "")
	form.Set("mail_to", "c@example.com")
	s.Post("/settings/warnings/mail", form).Want(t, http.StatusSeeOther)
	for field, other := range map[string]string{"smtp_host": "smtp.evil.example", "smtp_port": "465", "smtp_tls": "tls", "smtp_user": "v"} {
		changed := url.Values{}
		for k, v := range form {
			changed[k] = v
		}
		changed.Set(field, other)
		res := s.Post("/settings/warnings/mail", changed).Want(t, http.StatusUnprocessableEntity)
		res.Has(t, ".problems", "Type the password again")
		if field != "smtp_tls" && res.Value(field) != other {
			t.Errorf("%s: the form has %q", field, res.Value(field))
		}
	}
	to, err := s.Store.Warnings(t.Context())
	if err != nil || to.SMTPHost != "smtp.example.com" || to.PasswordSealed == nil || to.MailTo != "c@example.com" {
		t.Errorf("kept is %+v, %v", to, err)
	}
	form.Set("smtp_host", "")
	s.Post("/settings/warnings/mail", form).Want(t, http.StatusSeeOther)
	if to, err := s.Store.Warnings(t.Context()); err != nil || to.PasswordSealed != nil {
		t.Errorf("without a server the password is kept: %v", err)
	}
}

// What the other side writes is anybody's text.
func TestAnswersOfOthersAreCutShort(t *testing.T) {
	t.Parallel()
	x := webtest.NewRotating(t)
	box := newMailbox(t)
	x.Opts.MailTLS = box.tls
	x.Post("/settings/warnings/mail", box.form()).Want(t, http.StatusSeeOther)
	box.refuse = "no\x1b[31m room\u202e " + strings.Repeat("blah ", 50) + "SECRET"
	res := x.Post("/settings/warnings/mail/test", nil).Want(t, http.StatusUnprocessableEntity)
	if text := res.Find(".problems"); !strings.Contains(text, "did not take the mail. It answered “452 ") || !strings.Contains(text, "blah") ||
		strings.ContainsAny(text, "\x1b\u202e") || strings.Contains(text, "SECRET") {
		t.Errorf("the page says %q", text)
	}
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "SECRET", http.StatusTeapot) }))
	t.Cleanup(hook.Close)
	x.Post("/settings/warnings/webhook", url.Values{"webhook_url": {hook.URL}}).Want(t, http.StatusOK)
	res = x.Post("/settings/warnings/webhook/test", nil).Want(t, http.StatusUnprocessableEntity)
	if text := res.Find(".problems"); !strings.Contains(text, "status 418") || strings.Contains(text, "SECRET") {
		t.Errorf("the page says %q", text)
	}
	hook.Close()
	res = x.Post("/settings/warnings/webhook/test", nil).Want(t, http.StatusUnprocessableEntity)
	res.Has(t, ".problems", "Nothing listens")
	if strings.Contains(res.Text(), "refused") {
		t.Errorf("the page has the error's own text: %s", res.Text())
	}
}

// That warnings do not arrive by one way is told by the other, once.
func TestTheOtherWayTellsOfWarningsThatDoNotArrive(t *testing.T) {
	t.Parallel()
	var told []string
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		_, _ = body.ReadFrom(r.Body)
		told = append(told, body.String())
	}))
	t.Cleanup(hook.Close)
	s := webtest.NewSiteAs(t, model.RoleOwner)
	s.Post("/settings/warnings/webhook", url.Values{"webhook_url": {hook.URL}}).Want(t, http.StatusOK)
	if err := s.Store.SaveWarnings(t.Context(), webtest.Tester, "warnings.mail", func(w *model.Warnings) error {
		w.SMTPHost = "mail.example.com"
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Store.ClaimNotice(t.Context(), "k/1", model.ChannelMail, s.Now); err != nil {
		t.Fatal(err)
	}
	if err := s.Store.FinishNotice(t.Context(), "k/1", model.ChannelMail, s.Now, "mail.example.com did not answer in time."); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Warnings.Warn(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(told) != 1 || !strings.Contains(told[0], "undelivered/mail") || !strings.Contains(told[0], "did not answer in time") {
		t.Errorf("the webhook was told %q", told)
	}
	if err := s.Store.FinishNotice(t.Context(), "k/1", model.ChannelMail, s.Now, ""); err != nil {
		t.Fatal(err)
	}
	if err := s.Warnings.Warn(t.Context()); err != nil || len(told) != 1 {
		t.Errorf("it arrived, and the webhook was told %q, %v", told, err)
	}
}
