package oidc_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/postern-sso/postern/internal/model"
	provider "github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// Whatever is wrong before the redirect address is known to be the app's own is
// shown here, and the browser is sent nowhere.
func TestRequestsThatLeadNowhere(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	s.must(s.store.CreateApp(context.Background(), storetest.Actor,
		model.App{Slug: "crowd", Kind: model.AppCrowd, Name: "Crowd", RedirectURIs: []string{appCallback}}))
	set := func(name, value string) func(url.Values) { return func(v url.Values) { v.Set(name, value) } }
	s.change(func(a *model.App) { a.RedirectURIs = append(a.RedirectURIs, "http://127.0.0.1:8080/cb") })
	for name, c := range map[string]struct {
		change func(url.Values)
		want   provider.ProblemKind
	}{
		"unknown client":          {set("client_id", "nobody"), provider.ProblemUnknownApp},
		"NUL in the client":       {set("client_id", "jira\x00"), provider.ProblemUnknownApp},
		"an app of Crowd":         {set("client_id", "crowd"), provider.ProblemUnknownApp},
		"no client":               {func(v url.Values) { v.Del("client_id") }, provider.ProblemMalformed},
		"another address":         {set("redirect_uri", "https://evil.example/"), provider.ProblemRedirectURI},
		"a longer address":        {set("redirect_uri", appCallback+"/x"), provider.ProblemRedirectURI},
		"a query more":            {set("redirect_uri", appCallback+"?x=1"), provider.ProblemRedirectURI},
		"a shorter address":       {set("redirect_uri", strings.TrimSuffix(appCallback, "/callback")), provider.ProblemRedirectURI},
		"another case":            {set("redirect_uri", strings.ToUpper(appCallback)), provider.ProblemRedirectURI},
		"another loopback port":   {set("redirect_uri", "http://127.0.0.1:9090/cb"), provider.ProblemRedirectURI},
		"a trial's address":       {set("redirect_uri", s.url+"/tested/jira"), provider.ProblemRedirectURI},
		"the address of a logout": {set("redirect_uri", appBye), provider.ProblemRedirectURI},
		"no address":              {func(v url.Values) { v.Del("redirect_uri") }, provider.ProblemRedirectURI},
		"unreadable, elsewhere":   {func(v url.Values) { v.Set("max_age", "-1"); v.Set("redirect_uri", "https://evil.example/") }, provider.ProblemMalformed},
		"unreadable, a stranger":  {func(v url.Values) { v.Set("max_age", "-1"); v.Set("client_id", "nobody") }, provider.ProblemMalformed},
		"unreadable, of Crowd":    {func(v url.Values) { v.Set("max_age", "-1"); v.Set("client_id", "crowd") }, provider.ProblemMalformed},
	} {
		form := goodRequest()
		c.change(form)
		res := s.get(provider.AuthorizePath + "?" + form.Encode())
		if res.status != http.StatusBadRequest || res.location() != "" || !strings.HasPrefix(res.body, problem(c.want)) {
			t.Errorf("%s: %d to %q with %q, want %q", name, res.status, res.location(), res.body, problem(c.want))
		}
	}
	long := goodRequest()
	long.Set("redirect_uri", "https://evil.example/"+strings.Repeat("ü", 1000))
	if res := s.get(provider.AuthorizePath + "?" + long.Encode()); len(res.body) > 300 || !strings.Contains(res.body, "Jira") {
		t.Errorf("a long address is shown in %d bytes: %s", len(res.body), res.body)
	}
}

func problem(kind provider.ProblemKind) string {
	text, _ := json.Marshal(kind) // a number
	return "problem " + string(text) + " "
}

func goodRequest() url.Values {
	return url.Values{"client_id": {"jira"}, "redirect_uri": {appCallback}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s"}}
}

// Everything else that is wrong goes back to the app, with its state and who says so.
func TestRequestsThatAreRefusedAtTheApp(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	set := func(name, value string) func(url.Values) { return func(v url.Values) { v.Set(name, value) } }
	challenge := func(value, method string) func(url.Values) {
		return func(v url.Values) { v.Set("code_challenge", value); v.Set("code_challenge_method", method) }
	}
	sha := strings.Repeat("a", 43)
	for name, c := range map[string]struct {
		change func(url.Values)
		want   string
	}{
		"implicit":         {set("response_type", "id_token token"), "unsupported_response_type"},
		"hybrid":           {set("response_type", "code id_token"), "unsupported_response_type"},
		"no response type": {func(v url.Values) { v.Del("response_type") }, "invalid_request"},

		"fragment":             {set("response_mode", "fragment"), "invalid_request"},
		"no openid":            {set("scope", "profile"), "invalid_scope"},
		"no scope":             {func(v url.Values) { v.Del("scope") }, "invalid_scope"},
		"plain PKCE":           {challenge(sha, "plain"), "invalid_request"},
		"PKCE without method":  {set("code_challenge", sha), "invalid_request"},
		"short PKCE":           {challenge("x", "S256"), "invalid_request"},
		"long PKCE":            {challenge(sha+"a", "S256"), "invalid_request"},
		"request object":       {set("request", "e30.e30."), "request_not_supported"},
		"request by reference": {set("request_uri", "https://evil.example/"), "request_uri_not_supported"},
		"max_age in words":     {set("max_age", "abc"), "invalid_request"},
		"negative max_age":     {set("max_age", "-1"), "invalid_request"},
		"prompt none and more": {set("prompt", "none login"), "invalid_request"},
		"scope twice":          {func(v url.Values) { v.Add("scope", "openid") }, "invalid_request"},
		"nonce twice":          {func(v url.Values) { v["nonce"] = []string{"a", "b"} }, "invalid_request"},
		"foreign hint":         {set("id_token_hint", "e30.e30.e30"), "invalid_request"},
		"long state":           {set("state", strings.Repeat("s", 2049)), "invalid_request"},
		"long nonce":           {set("nonce", strings.Repeat("n", 2049)), "invalid_request"},
		"NUL in the nonce":     {set("nonce", "a\x00b"), "invalid_request"},
		"no UTF-8":             {set("nonce", "\xff"), "invalid_request"},
	} {
		form := goodRequest()
		c.change(form)
		s.now = s.now.Add(time.Second) // what is refused is noted once a second
		res := s.get(provider.AuthorizePath + "?" + form.Encode())
		to, err := url.Parse(res.location())
		if err != nil || !strings.HasPrefix(to.String(), appCallback+"?") || to.Query().Get("error") != c.want || to.Query().Has("code") ||
			to.Query().Get("state") != form.Get("state") || to.Query().Get("iss") != s.url || to.Query().Get("error_description") == "" {
			t.Errorf("%s: %d to %q, want %s", name, res.status, to, c.want)
		}
		if last := s.noted(); last.RefusedError != c.want || !last.RefusedAt.Equal(s.now) ||
			form.Has("max_age") != strings.Contains(last.RefusedWhy, "max_age") {
			t.Errorf("%s: noted %+v", name, last)
		}
	}
	longest := goodRequest()
	longest.Set("state", strings.Repeat("s", 2048))
	if res := s.get(provider.AuthorizePath + "?" + longest.Encode()); !strings.HasPrefix(res.location(), provider.CallbackPath+"?") {
		t.Errorf("2048 bytes of state: %d to %q", res.status, res.location())
	}
}

// The name of a parameter may be anything, and an error_description may not
// (RFC 6749, section 4.1.2.1).
func TestDescriptionsArePrintable(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	form := goodRequest()
	form["a\r\n\"\\ü\x7f"+strings.Repeat("x", 300)] = []string{"1", "2"}
	to, err := url.Parse(s.get(provider.AuthorizePath + "?" + form.Encode()).location())
	s.must(err)
	said := to.Query().Get("error_description")
	if !strings.Contains(said, "more than once: a??????xxx") || len(said) > 300 || strings.ContainsFunc(said, func(c rune) bool { return c < 0x20 || c > 0x7e }) {
		t.Errorf("described as %q", said)
	}
}

// Apps may send their request as a form, too; and what is asked for is kept for an hour.
func TestRequestIsKept(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	form := goodRequest()
	form.Set("scope", "openid profile profile offline_access admin address")
	form.Set("nonce", "n")
	res := s.post(provider.AuthorizePath, form)
	to, err := url.Parse(res.location())
	s.must(err)
	if res.status != http.StatusSeeOther || to.Path != provider.CallbackPath {
		t.Fatalf("answered %d to %q", res.status, to)
	}
	kept, err := s.store.PendingAuthRequest(context.Background(), to.Query().Get("id"), s.now.Add(time.Hour-time.Second))
	s.must(err)
	if kept.App != "jira" || kept.RedirectURI != appCallback || kept.State != "s" || kept.Nonce != "n" ||
		!slices.Equal(kept.Scopes, []string{"openid", "profile", "offline_access"}) {
		t.Errorf("kept %+v", kept)
	}
	if _, err := s.store.PendingAuthRequest(context.Background(), kept.ID, s.now.Add(time.Hour)); err == nil {
		t.Error("it waits for more than an hour")
	}
}

func TestPublicClientNeedsPKCE(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	app := model.App{Slug: "script", Kind: model.AppOIDC, Name: "Script", Public: true, RedirectURIs: []string{appCallback}, AllGroups: true}
	s.must(s.store.CreateApp(context.Background(), storetest.Actor, app))
	s.oauth.ClientID, s.oauth.ClientSecret = "script", ""
	s.oauth.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	s.verifier = s.op.Verifier(&oidc.Config{ClientID: "script"})
	if got := s.answer(s.oauth.AuthCodeURL("state"), ""); got.Get("error") != "invalid_request" {
		t.Errorf("without PKCE: %v", got)
	}
	verifier := oauth2.GenerateVerifier()
	code := s.answer(s.oauth.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier)), "user0").Get("code")
	if _, err := s.oauth.Exchange(context.Background(), code); s.refused(err) != "invalid_request" {
		t.Errorf("without the verifier: %v", err)
	}
	s.exchange(code, oauth2.VerifierOption(verifier))
}

// Scripts of other sites may call what looks at no cookie, and nothing else.
func TestWhatOtherSitesMayCall(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	for _, path := range []string{provider.DiscoveryPath, provider.KeysPath, provider.TokenPath, provider.UserinfoPath, provider.RevokePath} {
		res := s.do(http.MethodOptions, path, "")
		if res.status != http.StatusNoContent || res.header.Get("Access-Control-Allow-Origin") != "*" ||
			!strings.Contains(res.header.Get("Access-Control-Allow-Methods"), http.MethodPost) ||
			!strings.Contains(res.header.Get("Access-Control-Allow-Headers"), "Authorization") || res.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %d %v", path, res.status, res.header)
		}
	}
	for _, res := range []*page{s.do(http.MethodOptions, provider.AuthorizePath, ""), s.get(provider.AuthorizePath + "?" + goodRequest().Encode())} {
		if res.header.Get("Access-Control-Allow-Origin") != "" {
			t.Error("a script may ask for an authorization")
		}
	}
	if res := s.get(provider.TokenPath); res.status != http.StatusMethodNotAllowed {
		t.Errorf("a code may be exchanged by an address: %d", res.status)
	}
}
