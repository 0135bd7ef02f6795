package help_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/help"
	"github.com/postern-sso/postern/web/webtest"
)

// Whatever form a word has, and whatever stands around it, the same is found.
func TestFormsOfAWordFindTheSame(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"certificate expires", "certificates expired", "Certificate, expiring?", "what do I do when a certificate expires"},
		{"logout", "log out", "sign out", "signing out", "Sign-out"},
		{"deactivate users", "deactivated user", "deactivating a user"},
		{"administrator’s passkeys", "administrator's passkey", "passkeys of administrators"},
	} {
		want := first(t, same[0])
		for _, query := range same[1:] {
			if got := first(t, query); got != want {
				t.Errorf("%q leads to %s, %q to %s", same[0], want, query, got)
			}
		}
	}
}

func first(t *testing.T, query string) string {
	t.Helper()
	found, err := help.SearchGuide(query)
	if err != nil || len(found.Hits) == 0 {
		t.Fatalf("%q: nothing, %v", query, err)
	}
	return found.Hits[0].Href
}

// A word that is written wrongly is named, and what may be meant is offered; one that
// is not written to its end, or is of another trade, is not taken for another.
func TestSpellingIsOffered(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"certifcate expires": "certificate expires",
		"certificaet":        "certificate",
		"lost paskey":        "lost passkey",
		"Upgraed":            "upgrade",
		"admnistrators":      "administrators",
		"Conflunce groups":   "confluence groups",
		"certif":             "",
		"kerberos":           "",
		"zzzz":               "",
		"user_deactivated":   "",
		"ключ":               "",
	} {
		found, err := help.SearchGuide(query)
		if err != nil || found.Meant != want {
			t.Errorf("%q is taken for %q, want %q (%v)", query, found.Meant, want, err)
		}
	}
	if wrong, right := first(t, "certifcate expires"), first(t, "certificate expires"); wrong != right {
		t.Errorf("written wrongly it leads to %s, rightly to %s", wrong, right)
	}
}

// The page says what it looked for, and what to do where it found nothing.
func TestSearchSaysWhatItDid(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteAs(t, model.RoleViewer)
	for query, want := range map[string]string{
		"lost paskey":            "The guide does not have “paskey”. Did you mean lost passkey?",
		"kerberos certificate":   "The guide does not have “kerberos”. What the other words find stands below.",
		"spreadsheet thief logo": "No section has all of it. What comes nearest stands first.",
		"zzzz":                   "Nothing found",
		"<b>zzzz</b>":            "Try other words",
		"!?":                     "Nothing found",
		"what is it":             "What Postern is",
	} {
		page := s.Get("/help?q="+url.QueryEscape(query)).Want(t, http.StatusOK)
		if text := strings.Join(strings.Fields(page.Doc.Find("main").Text()), " "); !strings.Contains(text, want) {
			t.Errorf("%q lacks %q: %s", query, want, text)
		}
	}
	page := s.Get("/help?q=" + url.QueryEscape("lost paskey"))
	if got := page.Doc.Find("main a[href^='/help?q=']").First().AttrOr("href", ""); got != "/help?q=lost+passkey" {
		t.Errorf("what may be meant is at %q", got)
	}
	s.Get("/help?q="+url.QueryEscape(strings.Repeat("abcdefgh ", 700))).Want(t, http.StatusOK)
}
