package webtest

import (
	"context"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// Refresh is what an app does when its access token is old.
func (s *AppSite) Refresh(token *oauth2.Token) (*oauth2.Token, error) {
	return s.Oauth.TokenSource(context.Background(), &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
}

// WantEnded holds for tokens of a session that is over.
func (s *AppSite) WantEnded(t testing.TB, what string, token *oauth2.Token) {
	t.Helper()
	if _, err := s.Op.UserInfo(context.Background(), oauth2.StaticTokenSource(token)); err == nil {
		t.Errorf("%s: userinfo answers", what)
	}
	if _, err := s.Refresh(token); RefusedWith(t, err) != "invalid_grant" {
		t.Errorf("%s: the refresh token: %v", what, err)
	}
}

// OtherApp goes on as another app, at the same address.
func (s *AppSite) OtherApp(t testing.TB) {
	t.Helper()
	app := model.App{Slug: "wiki", Kind: model.AppOIDC, Name: "Wiki", RedirectURIs: []string{AppCallback}, AllGroups: true}
	if err := s.Store.CreateApp(context.Background(), storetest.Actor, app); err != nil {
		t.Fatal(err)
	}
	s.Oauth.ClientID, s.Oauth.ClientSecret = "wiki", s.newSecret(t, "wiki")
	s.verifier = s.Op.Verifier(&oidc.Config{ClientID: "wiki"})
}
