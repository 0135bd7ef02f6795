package sources_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/configdoc"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/sources"
	"github.com/postern-sso/postern/web/webtest"
)

const (
	keyID     = "AKIAEXAMPLEEXAMPLE00"
	secretKey = "a-secret/of+forty-characters-in-all-00000"
)

func awsForm(t *testing.T, s *webtest.Site) url.Values {
	t.Helper()
	form := s.Get(paths.SourceNew("aws")).Want(t, http.StatusOK).Form("form[action='/sources']")
	form.Set(sources.FieldName, "AWS people")
	form.Set(sources.FieldSlug, "people")
	form.Set(sources.FieldRegion, "eu-central-1")
	form.Set(sources.FieldStore, "d-1234567890")
	form.Set(sources.FieldCredentials, sources.CredentialsKeys)
	form.Set(sources.FieldSecret, keyID)
	form.Set(sources.FieldSecretKey, secretKey)
	return form
}

// Security, rows 22 and 24: a password and static keys are kept sealed, and shown on no
// page, in no document and in no entry of the audit, also where the form comes back.
func TestRow24WhatASourceIsReadWithIsNeverShown(t *testing.T) {
	t.Parallel()
	s := site(t)
	secrets := []string{keyID, secretKey, "hunter2"}
	unseen := func(where, text string) {
		t.Helper()
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds %s", where, secret)
			}
		}
	}
	wrong := awsForm(t, s)
	wrong.Set(sources.FieldInterval, "often")
	unseen("the form that comes back", s.Post(paths.Sources, wrong).Want(t, http.StatusUnprocessableEntity).Body)
	s.Post(paths.Sources, awsForm(t, s)).Want(t, http.StatusSeeOther)
	s.Post(paths.Sources, ldapForm(t, s)).Want(t, http.StatusSeeOther)
	for _, slug := range []string{"people", "corp"} {
		s.Directories.Have(slug, webtest.ReadingOf(2))
		for _, page := range []string{paths.Source(slug), paths.SourceAction(slug, "settings"), paths.Sources, "/audit"} {
			unseen(page, s.Get(page).Want(t, http.StatusOK).Body)
		}
		unseen("the test of "+slug, s.Post(paths.SourceAction(slug, "test"), nil).Want(t, http.StatusOK).Body)
		sealed, err := s.Store.SourceSecret(t.Context(), slug)
		if err != nil || len(sealed) == 0 {
			t.Fatalf("%s: nothing is kept: %v", slug, err)
		}
		unseen("the row of "+slug, string(sealed))
	}
	if got := s.Directories.Secret("people"); got != keyID+"\n"+secretKey {
		t.Errorf("AWS was opened with %q", got)
	}
	state, err := configdoc.Read(t.Context(), s.Store)
	if err != nil {
		t.Fatal(err)
	}
	document, err := configdoc.Export(state)
	if err != nil || !bytes.Contains(document, []byte("d-1234567890")) {
		t.Fatalf("%v: %s", err, document)
	}
	unseen("the document", string(document))
	entries, _, err := s.Store.Audit(t.Context(), store.AuditQuery{})
	if err != nil || len(entries) < 4 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	for _, e := range entries {
		unseen("the audit", string(e.Before)+string(e.After)+e.Note)
	}
}

// Security, row 22: a connection without encryption is chosen by name, with the password
// typed again, and the audit says so.
func TestRow22PlainIsChosenAndAudited(t *testing.T) {
	t.Parallel()
	s := site(t)
	s.Post(paths.Sources, ldapForm(t, s)).Want(t, http.StatusSeeOther)
	settings := paths.SourceAction("corp", "settings")
	form := s.Get(settings).Form("form[action='" + settings + "']")
	form.Set(sources.FieldURLs, "ldap://dc1.example.com")
	form.Set(sources.FieldSecret, "hunter2")
	s.Post(settings, form).Want(t, http.StatusUnprocessableEntity).Has(t, ".field-problem", "is not encrypted")
	form.Set(sources.FieldEncryption, sources.EncryptionNone)
	s.Post(settings, form).Want(t, http.StatusSeeOther)
	entries, _, err := s.Store.Audit(t.Context(), store.AuditQuery{Action: "source.update"})
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	plain := func(text []byte) bool {
		var of struct {
			LDAP model.LDAPSettings `json:"ldap"`
		}
		if err := json.Unmarshal(text, &of); err != nil {
			t.Fatal(err)
		}
		return of.LDAP.AllowPlain
	}
	if plain(entries[0].Before) || !plain(entries[0].After) {
		t.Errorf("the audit has %s → %s", entries[0].Before, entries[0].After)
	}
	s.Get("/audit").Has(t, "main", "allow_plain")
}

// Security, row 22: an own endpoint of AWS stands in the configuration document only. The
// console neither sets nor loses it.
func TestRow22TheConsoleSetsNoEndpoint(t *testing.T) {
	t.Parallel()
	s := site(t)
	form := awsForm(t, s)
	form.Set("endpoint", "https://evil.example.com")
	form.Set("aws.endpoint", "https://evil.example.com")
	s.Post(paths.Sources, form).Want(t, http.StatusSeeOther)
	endpoint := func() string {
		src, err := s.Store.Source(t.Context(), "people")
		if err != nil {
			t.Fatal(err)
		}
		return src.AWS.Endpoint
	}
	if got := endpoint(); got != "" {
		t.Errorf("the form set the endpoint %s", got)
	}
	const own = "https://vpce-1.identitystore.eu-central-1.vpce.amazonaws.com"
	if _, err := s.Store.UpdateSource(t.Context(), webtest.Tester, "people", 0, func(s *model.Source) error { s.AWS.Endpoint = own; return nil }); err != nil {
		t.Fatal(err)
	}
	settings := paths.SourceAction("people", "settings")
	again := s.Get(settings).Form("form[action='" + settings + "']")
	again.Set(sources.FieldName, "Another name")
	s.Post(settings, again).Want(t, http.StatusSeeOther)
	if got := endpoint(); got != own {
		t.Errorf("saved again, the endpoint is %q", got)
	}
}
