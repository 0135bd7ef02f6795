package web

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/wizard"
)

// bring sends the wizard's metadata form with a file.
func (s *testSite) bring(content, pasted, address string) *page {
	s.t.Helper()
	return s.sendMetadata("/setup/aws/metadata", strconv.Itoa(s.draft().Version),
		map[string]string{"metadata": pasted, "metadata_url": address}, content)
}

// sendMetadata sends a metadata form, with a file unless it is empty.
func (s *testSite) sendMetadata(action, version string, fields map[string]string, file string) *page {
	s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range fields {
		if err := form.WriteField(name, value); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := form.WriteField("version", version); err != nil {
		s.t.Fatal(err)
	}
	if file != "" {
		part, err := form.CreateFormFile("metadata_file", "metadata.xml")
		if err != nil {
			s.t.Fatal(err)
		}
		if _, err := part.Write([]byte(file)); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		s.t.Fatal(err)
	}
	return s.do(http.MethodPost, action, &body, http.Header{"Content-Type": {form.FormDataContentType()}})
}

func TestRow16MetadataWrongPastes(t *testing.T) {
	t.Parallel()
	s := newSetupAt(t, wizard.StepMetadata)
	seen := map[string]string{}
	for _, paste := range []string{
		"<!doctype html><html><body>Sign in</body></html>",
		"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
		"https://d-1234567890.awsapps.com/start",
		"arn:aws:sso::123456789012:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
		"https://portal.sso.eu-central-1.amazonaws.com/saml/assertion/MTIzNDU2Nzg5MDEyX2lucy0wMTIzNDU2Nzg5YWJjZGVm",
		"https://portal.sso.eu-central-1.amazonaws.com/saml/logout/MTIzNDU2Nzg5MDEyX2lucy0wMTIzNDU2Nzg5YWJjZGVm",
	} {
		res := s.submit(wizard.StepMetadata, url.Values{"metadata": {paste}})
		said := res.find(".problems li")
		if res.status != http.StatusUnprocessableEntity || said == "" || strings.TrimSpace(res.value("metadata")) != paste {
			t.Errorf("%q answered %d, saying %q, showing %q", paste, res.status, said, res.value("metadata"))
		}
		if other, ok := seen[said]; ok {
			t.Errorf("%q and %q are told the same: %s", paste, other, said)
		}
		seen[said] = paste
	}
	if s.draft().Config.IdPMetadata != "" {
		t.Error("a wrong paste was saved")
	}
}

// The problem stands at the field that the metadata came from.
func TestMetadataProblemsAtTheirField(t *testing.T) {
	t.Parallel()
	s := newSetupAt(t, wizard.StepMetadata)
	gone := metadataServer(t, false, http.NotFound)
	for name, test := range map[string]struct{ file, pasted, address, field string }{
		"file":    {"<html></html>", "", "", "#f-metadata_file"},
		"large":   {strings.Repeat("x", maxMetadata+1), "", "", "#f-metadata_file"},
		"paste":   {"", "<html></html>", "", "#f-metadata"},
		"address": {"", "", gone.URL + "/saml/metadata/MTIzNDU2Nzg5MDEyX2lucy0wMTIzNDU2Nzg5YWJjZGVm", "#f-metadata_url"},
		"nothing": {"", "", "", "#f-metadata"},
	} {
		res := s.bring(test.file, test.pasted, test.address)
		link, _ := res.doc.Find(".problems a").Attr("href")
		if res.status != http.StatusUnprocessableEntity || link != test.field || res.value("metadata_url") != test.address {
			t.Errorf("%s: answered %d with a problem at %q, want %q: %s", name, res.status, link, test.field, res.text())
		}
	}
}

// What was brought is read back in human terms, before one goes on.
func TestRow16MetadataIsShownBack(t *testing.T) {
	t.Parallel()
	for name, bring := range map[string]func(*testSite) *page{
		"file":  func(s *testSite) *page { return s.bring(awsMetadata(), "", "") },
		"paste": func(s *testSite) *page { return s.bring("", awsMetadata(), "") },
		"address": func(s *testSite) *page {
			srv := metadataServer(s.t, false, sends(awsMetadata()))
			return s.bring("", "", srv.URL+"/saml/metadata/MTIzNDU2Nzg5MDEyX2lucy0wMTIzNDU2Nzg5YWJjZGVm")
		},
		"file first": func(s *testSite) *page {
			return s.bring(awsMetadata(), "<html></html>", "https://portal.example.com/start")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetupAt(t, wizard.StepMetadata)
			expect(t, bring(s), http.StatusSeeOther, "/setup/aws/metadata")
			text := s.get("/setup/aws/metadata").text()
			for _, want := range []string{"us-east-1", "123456789012", "https://portal.sso.us-east-1.amazonaws.com/saml/assertion/", "days left"} {
				if !strings.Contains(text, want) {
					t.Errorf("the page does not say %q: %s", want, text)
				}
			}
			if fetched := s.draft().Config.IdPMetadataURL; (fetched != "") != (name == "address") {
				t.Errorf("fetched from %q", fetched)
			}
		})
	}
}

// The attributes step fetches the metadata again, and stays where it is.
func TestMetadataFetchedAgain(t *testing.T) {
	t.Parallel()
	s := newSetupAt(t, wizard.StepAttributes)
	newer := strings.Replace(awsMetadata(), "nameid-format:unspecified", "nameid-format:persistent", 1)
	if newer == awsMetadata() {
		t.Fatal("the metadata has no format to change")
	}
	srv := metadataServer(t, false, sends(newer))
	address := srv.URL + "/saml/metadata/MTIzNDU2Nzg5MDEyX2lucy0wMTIzNDU2Nzg5YWJjZGVm"
	s.editDraft(func(rev *model.Revision) { rev.Config.IdPMetadataURL = address })
	form := url.Values{}
	s.get("/setup/aws/attributes").doc.Find("form.refetch input").Each(func(_ int, in *goquery.Selection) {
		form.Add(in.AttrOr("name", ""), in.AttrOr("value", ""))
	})
	expect(t, s.post("/setup/aws/metadata", form), http.StatusSeeOther, "/setup/aws/attributes")
	if s.draft().Config.IdPMetadata != newer {
		t.Error("what is stored is not what AWS says now")
	}
}

// Of two people at once, nobody has to look for the file again.
func TestMetadataFileSurvivesAConflict(t *testing.T) {
	t.Parallel()
	s := newSetupAt(t, wizard.StepMetadata)
	stale := strconv.Itoa(s.draft().Version)
	s.editDraft(func(rev *model.Revision) { rev.Config.Name = "Renamed" })
	res := s.sendMetadata("/setup/aws/metadata", stale, nil, awsMetadata())
	if res.status != http.StatusConflict {
		t.Fatalf("answered %d: %s", res.status, res.text())
	}
	form := url.Values{}
	res.doc.Find(`main form[action="/setup/aws/metadata"] input`).Each(func(_ int, in *goquery.Selection) {
		form.Add(in.AttrOr("name", ""), in.AttrOr("value", ""))
	})
	expect(t, s.post("/setup/aws/metadata", form), http.StatusSeeOther, "/setup/aws/metadata")
	if got := s.draft().Config; got.IdPMetadata == "" || got.Name != "Renamed" {
		t.Errorf("the draft has name %q and %d bytes of metadata", got.Name, len(got.IdPMetadata))
	}
}
