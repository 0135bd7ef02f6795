package web

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/paths"
)

// settingsForm is a form that is right, with changes.
func settingsForm(pairs ...string) url.Values {
	form := url.Values{"retention_days": {"30"}, "login_days": {"400"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

// saveSettingsWith sends the settings with a file as the logo.
func (s *testSite) saveSettingsWith(file []byte, fields url.Values) *page {
	s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, values := range fields {
		if err := form.WriteField(name, values[0]); err != nil {
			s.t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("logo", "logo.png")
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := part.Write(file); err != nil {
		s.t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		s.t.Fatal(err)
	}
	return s.do(http.MethodPost, paths.Settings, &body, http.Header{"Content-Type": {form.FormDataContentType()}})
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
	s := newSiteAs(t, model.RoleOwner)
	if got := s.get(paths.Users).find(".brand"); got != "Postern" {
		t.Errorf("before, the pages say %q", got)
	}
	s.saveSettingsWith(smallPNG(t), settingsForm("product_name", "Example Ltd.")).want(t, http.StatusSeeOther)
	for _, path := range []string{paths.Users, paths.Me, "/no-such-page"} {
		res := s.get(path)
		if got := res.find("title"); !strings.HasSuffix(got, "· Example Ltd.") {
			t.Errorf("%s has the title %q", path, got)
		}
		if res.doc.Find(".brand-logo").Length() == 0 {
			t.Errorf("%s shows no logo", path)
		}
	}
	address := s.get(paths.Users).doc.Find(".brand-logo").AttrOr("src", "")
	picture := s.get(address).want(t, http.StatusOK)
	if picture.header.Get("Content-Type") != "image/png" || !strings.Contains(picture.header.Get("Cache-Control"), "immutable") ||
		picture.header.Get("X-Content-Type-Options") != "nosniff" || picture.header.Get("Set-Cookie") != "" {
		t.Errorf("the logo is served with %v", picture.header)
	}
	if _, err := png.Decode(strings.NewReader(picture.body)); err != nil {
		t.Error(err)
	}
	s.post(paths.Settings, settingsForm("remove_logo", "on")).want(t, http.StatusSeeOther)
	s.get(address).want(t, http.StatusNotFound)
	if res := s.get(paths.Users); res.doc.Find(".brand-logo").Length() != 0 || res.find(".brand") != "Postern" {
		t.Error("name and logo stay after they were removed")
	}
}

func TestLogoStaysWhenSomethingElseIsSaved(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleOwner)
	s.saveSettingsWith(smallPNG(t), settingsForm()).want(t, http.StatusSeeOther)
	s.saveSettingsWith(nil, settingsForm("product_name", "x")).want(t, http.StatusUnprocessableEntity) // an empty file is no logo
	s.post(paths.Settings, settingsForm("product_name", "Example")).want(t, http.StatusSeeOther)
	if s.get(paths.Users).doc.Find(".brand-logo").Length() == 0 {
		t.Error("the logo is gone")
	}
}

func TestALogoThatIsNoPictureKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleOwner)
	svg := []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`)
	res := s.saveSettingsWith(svg, settingsForm("product_name", "Example", "me_text", "Read this")).want(t, http.StatusUnprocessableEntity)
	res.has(t, ".problems", "no PNG, JPEG or WebP")
	if got := res.doc.Find("#f-product_name").AttrOr("value", ""); got != "Example" {
		t.Errorf("the name typed became %q", got)
	}
	if got := res.doc.Find("#f-me_text").Text(); got != "Read this" {
		t.Errorf("the text typed became %q", got)
	}
	if set, err := s.store.Settings(context.Background()); err != nil || set.ProductName != "" {
		t.Errorf("saved %+v: %v", set, err)
	}
}

func TestTextsAreShownToPeople(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleOwner)
	s.addConnection("aws")
	form := settingsForm("signed_out_text", "Close the browser.\r\nSee https://help.example.com.", "refused_text", "Ask <b>desk@example.com</b>")
	s.post(paths.Settings, form).want(t, http.StatusSeeOther)
	out := s.post(paths.SAMLLogout("aws"), url.Values{}).want(t, http.StatusOK)
	if got := out.doc.Find(`a[href="https://help.example.com"]`).Length(); got != 1 {
		t.Errorf("%d links on the signed-out page, want 1: %s", got, out.text())
	}
	refused := s.post("/saml/aws/acs", url.Values{"SAMLResponse": {"!"}})
	if refused.doc.Find(`a[href="mailto:desk@example.com"]`).Length() != 1 || refused.doc.Find("main b").Length() != 0 {
		t.Errorf("the refused page has not the text, or its markup: %s", refused.body)
	}
}

func TestPreviewOfTheTextsSavesNothing(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleOwner)
	form := settingsForm("me_text", "Welcome to https://apps.example.com", "product_name", "Unsaved")
	whole := s.post(paths.SettingsPreview, form).want(t, http.StatusOK)
	whole.has(t, "#texts-preview", "Welcome to")
	if got := whole.doc.Find("#f-product_name").AttrOr("value", ""); got != "Unsaved" {
		t.Errorf("the name typed became %q", got)
	}
	part := s.do(http.MethodPost, paths.SettingsPreview, strings.NewReader(form.Encode()), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Hx-Request": {"true"},
	}).want(t, http.StatusOK)
	if part.doc.Find("h1").Length() != 0 || part.doc.Find("#texts-preview a").Length() != 1 {
		t.Errorf("the part is %s", part.body)
	}
	if set, err := s.store.Settings(context.Background()); err != nil || set.MeText != "" {
		t.Errorf("saved %+v: %v", set, err)
	}
}

func TestSettingsSayWhatIsWrongWithTexts(t *testing.T) {
	t.Parallel()
	s := newSiteAs(t, model.RoleOwner)
	for field, value := range map[string]string{
		"product_name": strings.Repeat("x", maxProductName+1), "me_text": strings.Repeat("x", maxPageText+1), "refused_text": "a\x07b",
	} {
		res := s.post(paths.Settings, settingsForm(field, value)).want(t, http.StatusUnprocessableEntity)
		if res.doc.Find("#f-"+field+"-problem").Length() == 0 {
			t.Errorf("%s: no problem beside the field", field)
		}
	}
}
