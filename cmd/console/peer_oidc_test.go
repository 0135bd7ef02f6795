package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/peertest"
	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// The tests in this file sign people in to apps that nobody of this project
// wrote, by an identity provider that nobody of this project wrote.

// addApp registers an app and returns its secret; public apps have none.
func (s *site) addApp(t *testing.T, a model.App) string {
	t.Helper()
	db := s.open(t)
	a.Kind = model.AppOIDC
	if err := db.CreateApp(context.Background(), storetest.Actor, a); err != nil {
		t.Fatal(err)
	}
	if a.Public {
		return ""
	}
	secret := seal.NewSecret()
	if err := db.AddAppSecret(context.Background(), storetest.Actor, a.Slug, secret.Hash, secret.Hint); err != nil {
		t.Fatal(err)
	}
	return secret.Value
}

func (s *site) open(t *testing.T) *store.Store {
	t.Helper()
	db, err := store.Open(context.Background(), s.databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// follow goes where app, Postern and identity provider send the browser, until
// an answer is no redirect or leads to the prefix until.
func (s *site) follow(t *testing.T, b *browser, to, until string, u peertest.User) (*response, string) {
	t.Helper()
	for range 15 {
		if strings.HasPrefix(to, s.idp.URL()) {
			done := b.post(t, s.answer(t, b, to, u))
			s.wantSignedIn(t, done)
			to = absolute(t, done)
			continue
		}
		resp := b.get(t, to)
		if resp.StatusCode/100 != 3 {
			return resp, to
		}
		if to = absolute(t, resp); until != "" && strings.HasPrefix(to, until) {
			return resp, to
		}
	}
	t.Fatal("the way has no end")
	return nil, ""
}

func absolute(t *testing.T, resp *response) string {
	t.Helper()
	to, err := resp.Request.URL.Parse(resp.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return to.String()
}

func TestPeerApache(t *testing.T) {
	t.Parallel()
	site := startSite(t, document("provisioning: jit", ""), alice)
	apache := peertest.ReserveApache(t)
	secret := site.addApp(t, model.App{Slug: "apache", Name: "Apache", RedirectURIs: []string{apache.RedirectURI}, AllGroups: true})
	apache.Start(t, peertest.ApacheClient{Issuer: site.publicURL, ClientID: "apache", ClientSecret: secret})
	db := site.open(t)
	b := newBrowser(t)

	page, _ := site.follow(t, b, apache.URL+peertest.ApachePage, "", alice)
	u, err := db.User(t.Context(), "alice.oneil")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"X-Remote-User": "alice.oneil", "X-Claim-Sub": u.ID, "X-Claim-Email": alice.Email, "X-Claim-Groups": "everybody|operations|staff",
	} {
		if got := page.Header.Get(name); page.StatusCode != http.StatusOK || got != want {
			t.Errorf("%s: %s is %q, want %q", page.Status, name, got, want)
		}
	}
	if staff := b.get(t, apache.URL+peertest.ApacheStaff); staff.StatusCode != http.StatusOK {
		t.Errorf("a member of staff: %s", staff.Status)
	}

	// What the app may see no longer is gone at the next sign-in.
	app, err := db.App(t.Context(), "apache")
	if err != nil {
		t.Fatal(err)
	}
	app.AllGroups, app.Groups = false, []string{"everybody"}
	if err := db.SaveApp(t.Context(), storetest.Actor, app); err != nil {
		t.Fatal(err)
	}
	second := newBrowser(t)
	if page, at := site.follow(t, second, apache.URL+peertest.ApacheStaff, "", alice); page.StatusCode != http.StatusUnauthorized {
		t.Errorf("a group that the app does not see: %s at %s", page.Status, at)
	}
	if groups := second.get(t, apache.URL+peertest.ApachePage).Header.Get("X-Claim-Groups"); groups != "everybody" {
		t.Errorf("groups %q", groups)
	}

	// Deactivated: nobody gets in any more.
	_, err = db.UpdateUser(t.Context(), storetest.Actor, u.Username, func(u *model.User) error { u.Active = false; return nil })
	if err != nil {
		t.Fatal(err)
	}
	third := newBrowser(t)
	start, to := site.follow(t, third, apache.URL+peertest.ApachePage, site.idp.URL(), alice)
	site.wantRefused(t, third.post(t, site.answer(t, third, to, alice)), model.CodeUserDeactivated)
	if start.StatusCode != http.StatusSeeOther {
		t.Errorf("the way to the identity provider: %s", start.Status)
	}
}

func TestPeerOpenIDClient(t *testing.T) {
	t.Parallel()
	site := startSite(t, document("provisioning: jit", ""), alice)
	const callback = "https://app.example.com/callback"
	b := newBrowser(t)
	for _, app := range []struct {
		slug         string
		public, post bool
	}{{"basic", false, false}, {"post", false, true}, {"public", true, false}} {
		secret := site.addApp(t, model.App{Slug: app.slug, Name: app.slug, Public: app.public,
			RedirectURIs: []string{callback}, PostLogoutURIs: []string{callback}, AllGroups: true})
		node := peertest.StartNodeApp(t, peertest.NodeSettings{Issuer: site.publicURL, ClientID: app.slug, Secret: secret,
			Post: app.post, RedirectURI: callback})
		_, back := site.follow(t, b, node.StartURL, callback, alice)
		got := node.Finish(back)
		if got.Error != "" {
			t.Fatalf("%s: %s %s", app.slug, got.Error, got.Description)
		}
		for name, claims := range map[string]map[string]any{"ID token": got.Claims, "userinfo": got.Userinfo, "refreshed": got.Again} {
			groups, _ := claims["groups"].([]any)
			if claims["preferred_username"] != "alice.oneil" || claims["name"] != "Alicé O'Neil & Söhne" || len(groups) != 3 {
				t.Errorf("%s, %s: %v", app.slug, name, claims)
			}
		}
		if got.Revoked != "401" {
			t.Errorf("%s: after the revocation userinfo answers %q", app.slug, got.Revoked)
		}
		if app.public {
			_, at := site.follow(t, b, got.Logout, callback, alice)
			if at != callback || b.self(t, site).username != "" {
				t.Errorf("the sign-out leads to %q", at)
			}
		}
	}

	// A code that somebody else redeemed before.
	secret := site.addApp(t, model.App{Slug: "late", Name: "late", RedirectURIs: []string{callback}, AllGroups: true})
	node := peertest.StartNodeApp(t, peertest.NodeSettings{Issuer: site.publicURL, ClientID: "late", Secret: secret, RedirectURI: callback})
	_, back := site.follow(t, b, node.StartURL, callback, alice)
	u, err := url.Parse(back)
	if err != nil {
		t.Fatal(err)
	}
	db := site.open(t)
	found, err := db.AuthRequestByCode(t.Context(), u.Query().Get("code"))
	if err == nil {
		err = db.SpendCode(t.Context(), found.ID, found.CreatedAt, store.NewToken{Value: "x", Token: model.Token{
			Kind: model.TokenAccess, GrantID: found.ID, App: "late", UserID: found.SignedIn.UserID, AuthTime: found.CreatedAt, ExpiresAt: found.ExpiresAt,
			Connection: found.SignedIn.Connection, SessionUntil: found.SignedIn.Until}})
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := node.Finish(back); got.Error != "invalid_grant" {
		t.Errorf("a spent code: %+v", got)
	}
}
