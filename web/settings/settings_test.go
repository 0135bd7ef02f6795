package settings_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/settings"
	"github.com/postern-sso/postern/web/webtest"
)

// settingsForm is a form that is right, with changes.
func settingsForm(pairs ...string) url.Values {
	form := url.Values{"retention_days": {"30"}, "login_days": {"400"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

func smallPNG(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, 20, 10))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestNameAndLogoAreOnEveryPage(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	if got := s.Get(paths.Users).Find(".brand"); got != "Postern" {
		t.Errorf("before, the pages say %q", got)
	}
	s.SaveSettingsWith(smallPNG(t), settingsForm("product_name", "Example Ltd.")).Want(t, http.StatusSeeOther)
	for _, path := range []string{paths.Users, paths.Me, "/no-such-page"} {
		res := s.Get(path)
		if got := res.Find("title"); !strings.HasSuffix(got, "· Example Ltd.") {
			t.Errorf("%s has the title %q", path, got)
		}
		if res.Doc.Find(".brand-logo").Length() == 0 {
			t.Errorf("%s shows no logo", path)
		}
	}
	address := s.Get(paths.Users).Doc.Find(".brand-logo").AttrOr("src", "")
	picture := s.Get(address).Want(t, http.StatusOK)
	if picture.Header.Get("Content-Type") != "image/png" || !strings.Contains(picture.Header.Get("Cache-Control"), "immutable") ||
		picture.Header.Get("X-Content-Type-Options") != "nosniff" || picture.Header.Get("Set-Cookie") != "" {
		t.Errorf("the logo is served with %v", picture.Header)
	}
	if _, err := png.Decode(strings.NewReader(picture.Body)); err != nil {
		t.Error(err)
	}
	s.Post(paths.Settings, settingsForm("remove_logo", "on")).Want(t, http.StatusSeeOther)
	s.Get(address).Want(t, http.StatusNotFound)
	if res := s.Get(paths.Users); res.Doc.Find(".brand-logo").Length() != 0 || res.Find(".brand") != "Postern" {
		t.Error("name and logo stay after they were removed")
	}
}

func TestLogoStaysWhenSomethingElseIsSaved(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	s.SaveSettingsWith(smallPNG(t), settingsForm()).Want(t, http.StatusSeeOther)
	s.SaveSettingsWith(nil, settingsForm("product_name", "x")).Want(t, http.StatusUnprocessableEntity) // an empty file is no logo
	s.Post(paths.Settings, settingsForm("product_name", "Example")).Want(t, http.StatusSeeOther)
	if s.Get(paths.Users).Doc.Find(".brand-logo").Length() == 0 {
		t.Error("the logo is gone")
	}
}

func TestALogoThatIsNoPictureKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	svg := []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`)
	res := s.SaveSettingsWith(svg, settingsForm("product_name", "Example", "me_text", "Read this")).Want(t, http.StatusUnprocessableEntity)
	res.Has(t, ".problems", "no PNG, JPEG or WebP")
	if got := res.Doc.Find("#f-product_name").AttrOr("value", ""); got != "Example" {
		t.Errorf("the name typed became %q", got)
	}
	if got := res.Doc.Find("#f-me_text").Text(); got != "Read this" {
		t.Errorf("the text typed became %q", got)
	}
	if set, err := s.Store.Settings(context.Background()); err != nil || set.ProductName != "" {
		t.Errorf("saved %+v: %v", set, err)
	}
}

func TestTextsAreShownToPeople(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	s.AddConnection("aws")
	form := settingsForm("signed_out_text", "Close the browser.\r\nSee https://help.example.com.", "refused_text", "Ask <b>desk@example.com</b>")
	s.Post(paths.Settings, form).Want(t, http.StatusSeeOther)
	out := s.Post(paths.SAMLLogout("aws"), url.Values{}).Want(t, http.StatusOK)
	if got := out.Doc.Find(`a[href="https://help.example.com"]`).Length(); got != 1 {
		t.Errorf("%d links on the signed-out page, want 1: %s", got, out.Text())
	}
	refused := s.Post("/saml/aws/acs", url.Values{"SAMLResponse": {"!"}})
	if refused.Doc.Find(`a[href="mailto:desk@example.com"]`).Length() != 1 || refused.Doc.Find("main b").Length() != 0 {
		t.Errorf("the refused page has not the text, or its markup: %s", refused.Body)
	}
}

func TestPreviewOfTheTextsSavesNothing(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	form := settingsForm("me_text", "Welcome to https://apps.example.com", "product_name", "Unsaved")
	whole := s.Post(paths.SettingsPreview, form).Want(t, http.StatusOK)
	whole.Has(t, "#texts-preview", "Welcome to")
	if got := whole.Doc.Find("#f-product_name").AttrOr("value", ""); got != "Unsaved" {
		t.Errorf("the name typed became %q", got)
	}
	part := s.Do(http.MethodPost, paths.SettingsPreview, strings.NewReader(form.Encode()), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Hx-Request": {"true"},
	}).Want(t, http.StatusOK)
	if part.Doc.Find("h1").Length() != 0 || part.Doc.Find("#texts-preview a").Length() != 1 {
		t.Errorf("the part is %s", part.Body)
	}
	if set, err := s.Store.Settings(context.Background()); err != nil || set.MeText != "" {
		t.Errorf("saved %+v: %v", set, err)
	}
}

func TestSettingsSayWhatIsWrongWithTexts(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleOwner)
	for field, value := range map[string]string{
		"product_name": strings.Repeat("x", model.MaxProductName+1), "me_text": strings.Repeat("x", settings.MaxPageText+1), "refused_text": "a\x07b",
	} {
		res := s.Post(paths.Settings, settingsForm(field, value)).Want(t, http.StatusUnprocessableEntity)
		if res.Doc.Find("#f-"+field+"-problem").Length() == 0 {
			t.Errorf("%s: no problem beside the field", field)
		}
	}
}
