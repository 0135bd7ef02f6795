package web

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/paths"
)

func TestAdministratorIsAdded(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleOwner)
	s.post(paths.Administrators, url.Values{"email": {"bo"}, "role": {"king"}}).want(t, http.StatusUnprocessableEntity).has(t, ".problems",
		"is not an email address")
	s.post(paths.Administrators, url.Values{"email": {"bo@example.com"}, "role": {"admin"}, "password": {"short"}}).
		want(t, http.StatusUnprocessableEntity).has(t, ".problems", "shorter than 12")

	made := s.post(paths.Administrators, url.Values{"email": {"bo@example.com"}, "role": {"viewer"}}).want(t, http.StatusOK)
	password := made.find(".copybox-value")
	if text := CheckPassword(password, "bo@example.com"); text != "" {
		t.Errorf("the password made is %q: %s", password, text)
	}
	if s.get(paths.Administrators).doc.Find(".copybox-value").Length() != 0 {
		t.Error("the password is shown twice")
	}
	s.post(paths.Administrators, url.Values{"email": {"BO@example.com"}, "role": {"viewer"}}).
		want(t, http.StatusUnprocessableEntity).has(t, ".problems", "is an administrator already")

	s.client = s.browser()
	s.post(paths.SignIn, url.Values{"email": {"bo@example.com"}, "password": {password}}).want(t, http.StatusSeeOther)
	s.get(paths.Administrators).want(t, http.StatusOK).has(t, ".who-role", "viewer")
}

func TestLastOwnerStays(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	own := s.signInAs(model.RoleOwner)
	s.post(paths.AdministratorAction(own.ID, "role"), url.Values{"role": {"viewer"}}).want(t, http.StatusUnprocessableEntity).has(t, ".problems", "last owner")
	s.post(paths.AdministratorAction(own.ID, "delete"), nil).want(t, http.StatusUnprocessableEntity).has(t, ".problems", "last owner")

	other, err := s.store.CreateAdministrator(context.Background(), tester, model.Administrator{
		Email: "bo@example.com", PasswordHash: testHash, Role: model.RoleViewer,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.post(paths.AdministratorAction(other.ID, "role"), url.Values{"role": {"nonsense"}}).want(t, http.StatusUnprocessableEntity)
	s.post(paths.AdministratorAction(other.ID, "role"), url.Values{"role": {"owner"}}).want(t, http.StatusSeeOther)
	s.post(paths.AdministratorAction(other.ID, "delete"), nil).want(t, http.StatusSeeOther)
	if all, err := s.store.Administrators(context.Background()); err != nil || len(all) != 1 {
		t.Errorf("%d administrators, %v; want one", len(all), err)
	}
}

func TestOwnPasswordIsChanged(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleViewer)
	const next = "mild otter reads maps"
	form := func(present, password, repeat string) url.Values {
		return url.Values{"present_password": {present}, "new_password": {password}, "repeat_password": {repeat}}
	}
	s.post(paths.OwnPassword, form("wrong", next, next)).want(t, http.StatusUnprocessableEntity).has(t, ".problems", "not your present password")
	s.post(paths.OwnPassword, form(testPassword, "short", "short")).want(t, http.StatusUnprocessableEntity).has(t, ".problems", "shorter than 12")
	s.post(paths.OwnPassword, form(testPassword, next, next+"s")).want(t, http.StatusUnprocessableEntity).has(t, ".problems", "differ")

	here, elsewhere := s.client, s.browser()
	s.client = elsewhere
	s.post(paths.SignIn, url.Values{"email": {"viewer@example.com"}, "password": {testPassword}}).want(t, http.StatusSeeOther)
	s.client = here
	s.post(paths.OwnPassword, form(testPassword, next, next)).want(t, http.StatusSeeOther)
	s.get(paths.Administrators).want(t, http.StatusOK)
	s.client = elsewhere
	s.get(paths.Administrators).want(t, http.StatusSeeOther)
	s.post(paths.SignIn, url.Values{"email": {"viewer@example.com"}, "password": {next}}).want(t, http.StatusSeeOther)
}

func TestSettingsAreSaved(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleOwner)
	wrong := s.post(paths.Settings, url.Values{"help_contact": {"x"}, "retention_days": {"many"}, "login_days": {"-1"}}).want(t, http.StatusUnprocessableEntity)
	wrong.has(t, ".problems", "between 0 and 365.")
	wrong.has(t, ".problems", "between 0 and 3650.")
	s.post(paths.Settings, url.Values{"public_url": {"https://evil.example"}, "help_contact": {"The IT desk,\r\n12"}, "retention_days": {"7"},
		"login_days": {"90"}}).want(t, http.StatusSeeOther)
	set, err := s.store.Settings(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if set.HelpContact != "The IT desk, 12" || set.TraceRetention != 7*day || set.LoginRetention != 90*day || set.PublicURL == "https://evil.example" {
		t.Errorf("saved: %+v", set)
	}
	shown := s.get(paths.Settings)
	if v, _ := shown.doc.Find("#f-retention_days").Attr("value"); v != "7" {
		t.Errorf("shows %q days", v)
	}
	if _, readonly := shown.doc.Find("#f-public_url").Attr("readonly"); !readonly {
		t.Error("a public URL that is fixed at the start can be typed over")
	}
}
