package access_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/access"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/webtest"
)

func TestAdministratorIsAdded(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	s.Post(paths.Administrators, url.Values{"email": {"bo"}, "role": {"king"}}).Want(t, http.StatusUnprocessableEntity).Has(t, ".problems",
		"is not an email address")
	s.Post(paths.Administrators, url.Values{"email": {"bo@example.com"}, "role": {"admin"}, "password": {"short"}}).
		Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "shorter than 12")

	made := s.Post(paths.Administrators, url.Values{"email": {"bo@example.com"}, "role": {"viewer"}}).Want(t, http.StatusOK)
	password := made.Find(".copybox-value")
	if text := access.CheckPassword(password, "bo@example.com"); text != "" {
		t.Errorf("the password made is %q: %s", password, text)
	}
	if s.Get(paths.Administrators).Doc.Find(".copybox-value").Length() != 0 {
		t.Error("the password is shown twice")
	}
	s.Post(paths.Administrators, url.Values{"email": {"BO@example.com"}, "role": {"viewer"}}).
		Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "is an administrator already")

	s.Client = s.Browser()
	s.Post(paths.SignIn, url.Values{"email": {"bo@example.com"}, "password": {password}}).Want(t, http.StatusSeeOther)
	s.Get(paths.Administrators).Want(t, http.StatusOK).Has(t, ".who-role", "viewer")
}

func TestLastOwnerStays(t *testing.T) {
	t.Parallel()
	s := webtest.NewSite(t)
	own := s.SignInAs(model.RoleOwner)
	s.Post(paths.AdministratorAction(own.ID, "role"), url.Values{"role": {"viewer"}}).Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "last owner")
	s.Post(paths.AdministratorAction(own.ID, "delete"), nil).Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "last owner")

	other, err := s.Store.CreateAdministrator(context.Background(), webtest.Tester, model.Administrator{
		Email: "bo@example.com", PasswordHash: webtest.TestHash, Role: model.RoleViewer,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Post(paths.AdministratorAction(other.ID, "role"), url.Values{"role": {"nonsense"}}).Want(t, http.StatusUnprocessableEntity)
	s.Post(paths.AdministratorAction(other.ID, "role"), url.Values{"role": {"owner"}}).Want(t, http.StatusSeeOther)
	s.Post(paths.AdministratorAction(other.ID, "delete"), nil).Want(t, http.StatusSeeOther)
	if all, err := s.Store.Administrators(context.Background()); err != nil || len(all) != 1 {
		t.Errorf("%d administrators, %v; want one", len(all), err)
	}
}

func TestOwnPasswordIsChanged(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	const next = "mild otter reads maps"
	form := func(present, password, repeat string) url.Values {
		return url.Values{"present_password": {present}, "new_password": {password}, "repeat_password": {repeat}}
	}
	s.Post(paths.OwnPassword, form("wrong", next, next)).Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "not your present password")
	s.Post(paths.OwnPassword, form(webtest.TestPassword, "short", "short")).Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "shorter than 12")
	s.Post(paths.OwnPassword, form(webtest.TestPassword, next, next+"s")).Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "differ")

	here, elsewhere := s.Client, s.Browser()
	s.Client = elsewhere
	s.Post(paths.SignIn, url.Values{"email": {"viewer@example.com"}, "password": {webtest.TestPassword}}).Want(t, http.StatusSeeOther)
	s.Client = here
	s.Post(paths.OwnPassword, form(webtest.TestPassword, next, next)).Want(t, http.StatusSeeOther)
	s.Get(paths.Administrators).Want(t, http.StatusOK)
	s.Client = elsewhere
	s.Get(paths.Administrators).Want(t, http.StatusSeeOther)
	s.Post(paths.SignIn, url.Values{"email": {"viewer@example.com"}, "password": {next}}).Want(t, http.StatusSeeOther)
}

func TestSettingsAreSaved(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	wrong := s.Post(paths.Settings, url.Values{"help_contact": {"x"}, "retention_days": {"many"}, "login_days": {"-1"}}).Want(t, http.StatusUnprocessableEntity)
	wrong.Has(t, ".problems", "between 0 and 365.")
	wrong.Has(t, ".problems", "between 0 and 3,650.")
	s.Post(paths.Settings, url.Values{"public_url": {"https://evil.example"}, "help_contact": {"The IT desk,\r\n12"}, "retention_days": {"7"},
		"login_days": {"90"}}).Want(t, http.StatusSeeOther)
	set, err := s.Store.Settings(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if set.HelpContact != "The IT desk, 12" || set.TraceRetention != 7*kit.Day || set.LoginRetention != 90*kit.Day || set.PublicURL == "https://evil.example" {
		t.Errorf("saved: %+v", set)
	}
	shown := s.Get(paths.Settings)
	if v, _ := shown.Doc.Find("#f-retention_days").Attr("value"); v != "7" {
		t.Errorf("shows %q days", v)
	}
	if _, readonly := shown.Doc.Find("#f-public_url").Attr("readonly"); !readonly {
		t.Error("a public URL that is fixed at the start can be typed over")
	}
}
