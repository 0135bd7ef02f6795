package sso_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/sso"
)

const metadataNS = ` xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"`

// descriptor is the metadata of the simulated AWS without what comes before it.
func (a *aws) descriptor() string {
	good := string(a.sim.Metadata(a.app))
	return good[strings.Index(good, "<md:EntityDescriptor"):]
}

func many(attributes string, all ...string) string {
	return "<md:EntitiesDescriptor" + metadataNS + attributes + ">" + strings.Join(all, "") + "</md:EntitiesDescriptor>"
}

// A file of many entities is good where one of them, at whatever depth, signs
// people in.
func TestRow16MetadataOfManyEntities(t *testing.T) {
	t.Parallel()
	a := newAWS(t, nil)
	one := a.descriptor()
	id := a.idp.EntityID
	another := strings.ReplaceAll(one, id, "https://idp.evil.example/")
	application, err := sso.ServiceProvider{EntityID: "https://jira.example.com/", ACSURL: "https://jira.example.com/acs"}.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	plain := string(application)
	plain = plain[strings.Index(plain, "<EntityDescriptor"):]
	for name, c := range map[string]struct{ text, code string }{
		"one":                     {many("", one), ""},
		"one beside applications": {many("", plain, one, plain), ""},
		"one, nested":             {many("", many("", one)), ""},
		"two":                     {many("", one, another), "several_idps"},
		"the same twice":          {many("", one, one), "several_idps"},
		"two, one nested":         {many("", one, many("", another)), "several_idps"},
		"two, one nested before":  {many("", many("", another), one), "several_idps"},
		"none":                    {many("", plain), "no_idp"},
		"empty":                   {many(""), "no_idp"},
	} {
		idp, err := sso.ParseMetadata([]byte(c.text), sso.MetadataOptions{Now: a.now})
		var paste *sso.PasteError
		switch {
		case c.code == "" && (err != nil || idp.EntityID != id || len(idp.Certificates) != 1):
			t.Errorf("%s: %+v, %v", name, idp, err)
		case c.code != "" && (!errors.As(err, &paste) || paste.Code != c.code):
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}

// Namespace declarations cost the parser behind what they are times the elements
// below them. Those of neighbors do not add up.
func TestRow16MetadataOfManyNamespaces(t *testing.T) {
	t.Parallel()
	a := newAWS(t, nil)
	one := a.descriptor()
	inside := func(elements string) string {
		return strings.Replace(one, "</md:EntityDescriptor>", "<md:Extensions>"+elements+"</md:Extensions></md:EntityDescriptor>", 1)
	}
	element := func(declarations int, inner string) string {
		var b strings.Builder
		for i := range declarations {
			fmt.Fprintf(&b, " xmlns:n%d='urn:x'", i)
		}
		return "<e xmlns='urn:e'" + b.String() + ">" + inner + "</e>"
	}
	for name, c := range map[string]struct{ text, code string }{
		"many beside one another": {inside(strings.Repeat(element(50, ""), 30)), ""},
		"many inside one another": {inside(element(50, element(50, ""))), "hostile_xml"},
		"a few on each of fifteen": {inside(strings.Repeat("<e xmlns:a='urn:a' xmlns:b='urn:b' xmlns:c='urn:c' xmlns:d='urn:d' xmlns='urn:e'>",
			15) + strings.Repeat("</e>", 15)), "hostile_xml"},
	} {
		idp, err := sso.ParseMetadata([]byte(c.text), sso.MetadataOptions{Now: a.now})
		var paste *sso.PasteError
		switch {
		case c.code == "" && (err != nil || idp.EntityID != a.idp.EntityID):
			t.Errorf("%s: %+v, %v", name, idp, err)
		case c.code != "" && (!errors.As(err, &paste) || paste.Code != c.code):
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}

// Addresses that lead a browser to a script are none, whatever their binding.
func TestRow16MetadataSignInAddresses(t *testing.T) {
	t.Parallel()
	a := newAWS(t, nil)
	good := a.descriptor()
	for _, address := range []string{"javascript:alert(1)", "JavaScript:alert(1)", " javascript:alert(1)", "data:text/html,x", "//evil.example/",
		"http://evil.example/", "https://me:pw@evil.example/", "https:///x"} {
		for _, url := range []string{a.idp.RedirectURL, a.idp.PostURL} {
			text := strings.ReplaceAll(good, `Location="`+url+`"`, `Location="`+address+`"`)
			if text == good {
				t.Fatal("nothing was replaced")
			}
			_, err := sso.ParseMetadata([]byte(text), sso.MetadataOptions{Now: a.now, AllowLoopbackHTTP: true})
			var paste *sso.PasteError
			if !errors.As(err, &paste) || paste.Code != "unsupported_url" {
				t.Errorf("the address %q: %v", address, err)
			}
		}
	}
}

// What has run out, or has not begun, is told and keeps nobody out by itself.
func TestRow16MetadataTimesAreFlagged(t *testing.T) {
	t.Parallel()
	a := newAWS(t, nil)
	one := a.descriptor()
	until := func(d time.Duration) string {
		return ` validUntil="` + a.now.Add(d).UTC().Format(time.RFC3339) + `"`
	}
	entity := func(d time.Duration) string {
		return strings.Replace(one, "<md:EntityDescriptor", "<md:EntityDescriptor"+until(d), 1)
	}
	role := strings.Replace(one, "<md:IDPSSODescriptor", "<md:IDPSSODescriptor"+until(-time.Hour), 1)
	for name, c := range map[string]struct {
		text    string
		now     time.Time
		finding string
		want    bool
	}{
		"the entity is over":     {entity(-time.Hour), a.now, "valid_until_passed", true},
		"the entity is not over": {entity(time.Hour), a.now, "valid_until_passed", false},
		"the role is over":       {role, a.now, "valid_until_passed", true},
		"the role is over before": {strings.Replace(role, "<md:EntityDescriptor", "<md:EntityDescriptor"+until(time.Hour), 1), a.now,
			"valid_until_passed", true},
		"the role is not over, but what it is in": {strings.Replace(entity(-time.Hour), "<md:IDPSSODescriptor",
			"<md:IDPSSODescriptor"+until(time.Hour), 1), a.now, "valid_until_passed", true},
		"the file is over":             {many(until(-time.Hour), one), a.now, "valid_until_passed", true},
		"the file is over before":      {many(until(-time.Hour), entity(time.Hour)), a.now, "valid_until_passed", true},
		"a part of the file is over":   {many("", many(until(-time.Hour), one)), a.now, "valid_until_passed", true},
		"the certificate is to come":   {one, a.now.AddDate(-1, 0, 0), "cert_not_yet_valid", true},
		"the certificate has run out":  {one, a.now.AddDate(6, 0, 0), "cert_expired", true},
		"the certificate is as it was": {one, a.now, "cert_not_yet_valid", false},
	} {
		idp, err := sso.ParseMetadata([]byte(c.text), sso.MetadataOptions{Now: c.now})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if hasFinding(idp, c.finding) != c.want {
			t.Errorf("%s: %+v", name, idp.Findings)
		}
	}
}
