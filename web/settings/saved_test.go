package settings_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/postern-sso/postern/templates/paths"
)

// A picture, and the tick that there is to be none: it is asked which counts.
func TestAPictureAndNoneAreAskedFor(t *testing.T) {
	t.Parallel()
	s, _ := movable(t)
	both := s.SaveSettingsWith(smallPNG(t), settingsForm("remove_logo", "on", "public_url", s.URL)).Want(t, http.StatusUnprocessableEntity)
	both.Has(t, "main", "Which of them counts?")
	s.SaveSettingsWith(smallPNG(t), settingsForm("public_url", s.URL)).Want(t, http.StatusSeeOther)
	s.Get(paths.Settings).Has(t, ".alert-success", "logo")
}

// The message after saving says which fields changed, and that nothing did where
// nothing did. A secret that stands in the place of another is a change.
func TestOnlyAChangeIsASuccess(t *testing.T) {
	t.Parallel()
	s, _ := movable(t)
	mail := url.Values{"smtp_host": {"mail.example.com"}, "smtp_port": {"587"}, "smtp_tls": {"starttls"}, "smtp_user": {"postern"}, "smtp_password": {"first"},
		"mail_from": {"postern@example.com"}, "mail_to": {"ops@example.com"}}
	with := func(form url.Values, name, value string) url.Values {
		other := url.Values{}
		for n, v := range form {
			other[n] = v
		}
		other.Set(name, value)
		return other
	}
	settings := settingsForm("product_name", "Door", "public_url", s.URL)
	s.Post(paths.Settings, settingsForm("public_url", s.URL)).Want(t, http.StatusSeeOther)
	s.Get(paths.Settings)
	for _, step := range []struct {
		path  string
		form  url.Values
		class string
		says  string
	}{
		{paths.Settings, settings, ".alert-success", "Saved: name."},
		{paths.Settings, settings, ".alert-info", "Nothing was changed"},
		{paths.Settings, with(with(settings, "retention_days", "31"), "me_text", "Hello"), ".alert-success",
			"Saved: how long traces are kept and text on people's own page."},
		{"/settings/warnings/mail", mail, ".alert-success", "mail server"},
		{"/settings/warnings/mail", with(mail, "smtp_password", ""), ".alert-info", "Nothing was changed"},
		{"/settings/warnings/mail", with(mail, "smtp_password", "second"), ".alert-success", "Saved: password."},
		{"/settings/warnings/mail", url.Values{"smtp_port": {"587"}, "smtp_tls": {"starttls"}}, ".alert-success", "Nobody is warned by mail any more."},
		{"/settings/warnings/mail", url.Values{"smtp_port": {"587"}, "smtp_tls": {"starttls"}}, ".alert-info", "Nothing was changed"},
	} {
		res := s.Post(step.path, step.form).Want(t, http.StatusSeeOther)
		s.Get(res.Header.Get("Location")).Has(t, step.class+"[role=status]", step.says)
	}
}
