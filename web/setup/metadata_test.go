package setup_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/web/outgoing"
	"github.com/postern-sso/postern/web/setup"
	"github.com/postern-sso/postern/web/webtest"
)

func TestRow16MetadataWrongPastes(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepMetadata)
	seen := map[string]string{}
	for _, paste := range []string{
		"<!doctype html><html><body>Sign in</body></html>",
		"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
		"https://d-1234567890.awsapps.com/start",
		"arn:aws:sso::123456789012:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
		"https://portal.sso.eu-central-1.amazonaws.com/saml/assertion/MTIzNDU2Nzg5MDEyX2lucy0wMTIzNDU2Nzg5YWJjZGVm",
		"https://portal.sso.eu-central-1.amazonaws.com/saml/logout/MTIzNDU2Nzg5MDEyX2lucy0wMTIzNDU2Nzg5YWJjZGVm",
	} {
		res := s.Submit(wizard.StepMetadata, url.Values{"metadata": {paste}})
		said := res.Find(".problems li")
		if res.Status != http.StatusUnprocessableEntity || said == "" || strings.TrimSpace(res.Value("metadata")) != paste {
			t.Errorf("%q answered %d, saying %q, showing %q", paste, res.Status, said, res.Value("metadata"))
		}
		if other, ok := seen[said]; ok {
			t.Errorf("%q and %q are told the same: %s", paste, other, said)
		}
		seen[said] = paste
	}
	if s.Draft().Config.IdPMetadata != "" {
		t.Error("a wrong paste was saved")
	}
}

// The problem stands at the field that the metadata came from.
func TestMetadataProblemsAtTheirField(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepMetadata)
	gone := webtest.MetadataServer(t, false, http.NotFound)
	for name, test := range map[string]struct{ file, pasted, address, field string }{
		"file":    {"<html></html>", "", "", "#f-metadata_file"},
		"large":   {strings.Repeat("x", outgoing.MaxMetadata+1), "", "", "#f-metadata_file"},
		"paste":   {"", "<html></html>", "", "#f-metadata"},
		"address": {"", "", gone.URL + "/saml/metadata/MTIzNDU2Nzg5MDEyX2lucy0wMTIzNDU2Nzg5YWJjZGVm", "#f-metadata_url"},
		"nothing": {"", "", "", "#f-metadata"},
	} {
		res := s.Bring(test.file, test.pasted, test.address)
		link, _ := res.Doc.Find(".problems a").Attr("href")
		if res.Status != http.StatusUnprocessableEntity || link != test.field || res.Value("metadata_url") != test.address {
			t.Errorf("%s: answered %d with a problem at %q, want %q: %s", name, res.Status, link, test.field, res.Text())
		}
	}
}

// What was brought is read back in human terms, before one goes on.
func TestRow16MetadataIsShownBack(t *testing.T) {
	t.Parallel()
	for name, bring := range map[string]func(*webtest.Site) *webtest.Page{
		"file":  func(s *webtest.Site) *webtest.Page { return s.Bring(webtest.AwsMetadata(), "", "") },
		"paste": func(s *webtest.Site) *webtest.Page { return s.Bring("", webtest.AwsMetadata(), "") },
		"address": func(s *webtest.Site) *webtest.Page {
			srv := webtest.MetadataServer(s.T, false, webtest.Sends(webtest.AwsMetadata()))
			return s.Bring("", "", srv.URL+"/saml/metadata/MTIzNDU2Nzg5MDEyX2lucy0wMTIzNDU2Nzg5YWJjZGVm")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := webtest.NewSetupAt(t, wizard.StepMetadata)
			webtest.Expect(t, bring(s), http.StatusSeeOther, "/setup/aws/metadata")
			text := s.Get("/setup/aws/metadata").Text()
			for _, want := range []string{"us-east-1", "123456789012", "https://portal.sso.us-east-1.amazonaws.com/saml/assertion/", "This is AWS IAM Identity Center"} {
				if !strings.Contains(text, want) {
					t.Errorf("the page does not say %q: %s", want, text)
				}
			}
			if fetched := s.Draft().Config.IdPMetadataURL; (fetched != "") != (name == "address") {
				t.Errorf("fetched from %q", fetched)
			}
		})
	}
}

// The attributes step fetches the metadata again, and stays where it is.
func TestMetadataFetchedAgain(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepAttributes)
	newer := strings.Replace(webtest.AwsMetadata(), "nameid-format:unspecified", "nameid-format:persistent", 1)
	if newer == webtest.AwsMetadata() {
		t.Fatal("the metadata has no format to change")
	}
	srv := webtest.MetadataServer(t, false, webtest.Sends(newer))
	address := srv.URL + "/saml/metadata/MTIzNDU2Nzg5MDEyX2lucy0wMTIzNDU2Nzg5YWJjZGVm"
	s.EditDraft(func(rev *model.Revision) { rev.Config.IdPMetadataURL = address })
	form := url.Values{}
	s.Get("/setup/aws/attributes").Doc.Find("form.refetch input").Each(func(_ int, in *goquery.Selection) {
		form.Add(in.AttrOr("name", ""), in.AttrOr("value", ""))
	})
	webtest.Expect(t, s.Post("/setup/aws/metadata", form), http.StatusSeeOther, "/setup/aws/attributes")
	if s.Draft().Config.IdPMetadata != newer {
		t.Error("what is stored is not what AWS says now")
	}
}

// Of two people at once, nobody has to look for the file again.
func TestMetadataFileSurvivesAConflict(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepMetadata)
	stale := strconv.Itoa(s.Draft().Version)
	s.EditDraft(func(rev *model.Revision) { rev.Config.Name = "Renamed" })
	res := s.SendMetadata("/setup/aws/metadata", stale, nil, webtest.AwsMetadata())
	if res.Status != http.StatusConflict {
		t.Fatalf("answered %d: %s", res.Status, res.Text())
	}
	form := url.Values{}
	res.Doc.Find(`main form[action="/setup/aws/metadata"] input`).Each(func(_ int, in *goquery.Selection) {
		form.Add(in.AttrOr("name", ""), in.AttrOr("value", ""))
	})
	webtest.Expect(t, s.Post("/setup/aws/metadata", form), http.StatusSeeOther, "/setup/aws/metadata")
	if got := s.Draft().Config; got.IdPMetadata == "" || got.Name != "Renamed" {
		t.Errorf("the draft has name %q and %d bytes of metadata", got.Name, len(got.IdPMetadata))
	}
}

// What is brought is read once, what is stored is read once, however many parts
// of the answer ask for it.
func TestMetadataIsReadOnce(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepTest)
	readings := s.Setup.CountReadings()
	known := setup.Counted + webtest.AwsMetadata()
	another := strings.ReplaceAll(known, "us-east-1", "eu-central-1")
	address := webtest.MetadataServer(t, false, webtest.Sends(another)).URL + "/saml/metadata/MTIzNDU2Nzg5MDEyX2lucy0wMTIzNDU2Nzg5YWJjZGVm"
	h, link := s.Opened()
	for _, c := range []struct {
		name   string
		do     func() *webtest.Page
		status int
		want   int32
	}{
		{"pasted", func() *webtest.Page { return s.Bring("", another, "") }, http.StatusSeeOther, 2},
		{"a file", func() *webtest.Page { return s.Bring(another, "", "") }, http.StatusSeeOther, 2},
		{"fetched", func() *webtest.Page { return s.Bring("", "", address) }, http.StatusSeeOther, 2},
		{"none, shown beside the stored", func() *webtest.Page { return s.Bring("", "<html></html>", "") }, http.StatusUnprocessableEntity, 2},
		{"the step's page", func() *webtest.Page { return s.Get("/setup/aws/metadata") }, http.StatusOK, 1},
		{"the application's page", func() *webtest.Page { return s.Get("/setup/aws/aws-application") }, http.StatusOK, 1},
		{"the link's page", func() *webtest.Page { return h.Get(link) }, http.StatusOK, 1},
	} {
		s.EditDraft(func(rev *model.Revision) { rev.Config.IdPMetadata = known })
		readings.Store(0)
		if res := c.do(); res.Status != c.status || readings.Load() != c.want || (c.status != http.StatusSeeOther && !strings.Contains(res.Text(), "us-east-1")) {
			t.Errorf("%s: answered %d and read %d times, want %d and %d: %s", c.name, res.Status, readings.Load(), c.status, c.want, res.Text())
		}
	}
}

// Two at once are asked about, nothing or an empty file is said, and what has
// changed is computed.
func TestBringingMetadataSaysWhatChanged(t *testing.T) {
	t.Parallel()
	another := strings.ReplaceAll(webtest.AwsMetadata(), "us-east-1", "eu-central-1")
	at := webtest.MetadataServer(t, false, webtest.Sends(another)).URL + "/saml/metadata/MTIzNDU2Nzg5MDEyX2lucy0wMTIzNDU2Nzg5YWJjZGVm"
	for name, c := range map[string]struct {
		file, pasted, address string
		status                int
		says                  string
	}{
		"nothing":            {"", "", "", http.StatusUnprocessableEntity, "You brought nothing"},
		"blanks":             {"", " \n", "", http.StatusUnprocessableEntity, "You brought nothing"},
		"text and address":   {"", another, at, http.StatusUnprocessableEntity, "an address and a text. Which of them counts?"},
		"file and address":   {another, "", at, http.StatusUnprocessableEntity, "an address and a file. Which of them counts?"},
		"file and text":      {another, another, "", http.StatusUnprocessableEntity, "a file and a text. Which of them counts?"},
		"the same once more": {"", webtest.AwsMetadata(), "", http.StatusSeeOther, "Nothing changed"},
		"another":            {"", another, "", http.StatusSeeOther, "AWS's entity ID changes from"},
		"another, fetched":   {"", "", at, http.StatusSeeOther, "The address of AWS's metadata changes from nothing to"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := webtest.NewSetupAt(t, wizard.StepAttributes)
			s.EditDraft(func(rev *model.Revision) { rev.Config.IdPMetadata = webtest.AwsMetadata() })
			res := s.Bring(c.file, c.pasted, c.address)
			if res.Status != c.status {
				t.Fatalf("answered %d: %s", res.Status, res.Text())
			}
			if c.status == http.StatusSeeOther {
				res = s.Get("/setup/aws/metadata")
			} else if s.Draft().Config.IdPMetadata != webtest.AwsMetadata() {
				t.Error("something was stored")
			}
			if text := res.Find(".alert"); !strings.Contains(text, c.says) {
				t.Errorf("it says %q, want %q", text, c.says)
			}
		})
	}
}

func TestAnEmptyFileIsSaid(t *testing.T) {
	t.Parallel()
	s := webtest.NewSetupAt(t, wizard.StepAttributes)
	form := "--x\r\nContent-Disposition: form-data; name=\"version\"\r\n\r\n" + strconv.Itoa(s.Draft().Version) +
		"\r\n--x\r\nContent-Disposition: form-data; name=\"metadata_file\"; filename=\"m.xml\"\r\n\r\n\r\n--x--\r\n"
	res := s.Do(http.MethodPost, "/setup/aws/metadata", strings.NewReader(form), http.Header{"Content-Type": {"multipart/form-data; boundary=x"}})
	res.Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "This file is empty")
}

// Another provider's metadata stops the step. Going on is a choice that names
// whose it is, is audited, and is nothing for the holder of a setup link.
func TestAnotherProvidersMetadataStopsTheStep(t *testing.T) {
	t.Parallel()
	const okta = "http://www.okta.com/exk1fcia6d6EMsf331d8"
	theirs := regexp.MustCompile(`entityID="[^"]+"`).ReplaceAllString(webtest.AwsMetadata(), `entityID="`+okta+`"`)
	s := webtest.NewSetupAt(t, wizard.StepMetadata)
	for _, res := range []*webtest.Page{s.Bring("", theirs, ""), s.Bring(theirs, "", "")} {
		res.Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "not the metadata of AWS IAM Identity Center but of Okta")
		if res.Doc.Find("[name=not_aws]").Length() != 1 || !strings.Contains(res.Value("metadata"), okta) {
			t.Error("the choice is not offered, or what was brought has to be brought again")
		}
	}
	webtest.Expect(t, s.Get("/setup/aws/attributes"), http.StatusSeeOther, "/setup/aws/metadata")

	h, link := s.Opened()
	form := url.Values{"version": {strconv.Itoa(s.Draft().Version)}, "metadata": {theirs}, "not_aws": {"on"}}
	h.Post(link+"/metadata", form).Want(t, http.StatusUnprocessableEntity)
	if s.Draft().Config.IdPMetadata != "" {
		t.Fatal("it was stored")
	}
	webtest.Expect(t, s.Post("/setup/aws/metadata", form), http.StatusSeeOther, "/setup/aws/metadata")
	s.Get("/setup/aws/metadata").Want(t, http.StatusOK).Has(t, "#aws", "This is not AWS IAM Identity Center")
	entries, _, err := s.Store.Audit(t.Context(), store.AuditQuery{})
	if err != nil || !strings.Contains(string(entries[0].After), "not AWS: "+okta) {
		t.Errorf("the audit says %s, %v", entries[0].After, err)
	}
}
