package person_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

func TestAppRequestsAreRefused(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	good := url.Values{"client_id": {"jira"}, "redirect_uri": {webtest.AppCallback}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s"}}
	for name, c := range map[string]struct {
		change func(url.Values)
		back   string // the error at the app; empty: a page here
	}{
		"unknown client":         {func(v url.Values) { v.Set("client_id", "nobody") }, ""},
		"no client":              {func(v url.Values) { v.Del("client_id") }, ""},
		"another address":        {func(v url.Values) { v.Set("redirect_uri", "https://evil.example/") }, ""},
		"a longer address":       {func(v url.Values) { v.Set("redirect_uri", webtest.AppCallback+"/x") }, ""},
		"another case":           {func(v url.Values) { v.Set("redirect_uri", strings.ToUpper(webtest.AppCallback)) }, ""},
		"no address":             {func(v url.Values) { v.Del("redirect_uri") }, ""},
		"implicit":               {func(v url.Values) { v.Set("response_type", "id_token token") }, "unsupported_response_type"},
		"no openid":              {func(v url.Values) { v.Set("scope", "profile") }, "invalid_scope"},
		"no scope":               {func(v url.Values) { v.Del("scope") }, "invalid_scope"},
		"plain PKCE":             {func(v url.Values) { v.Set("code_challenge", strings.Repeat("a", 43)) }, "invalid_request"},
		"bad PKCE":               {func(v url.Values) { v.Set("code_challenge", "x"); v.Set("code_challenge_method", "S256") }, "invalid_request"},
		"request object":         {func(v url.Values) { v.Set("request", "e30.e30.") }, "request_not_supported"},
		"request by reference":   {func(v url.Values) { v.Set("request_uri", "https://evil.example/") }, "request_uri_not_supported"},
		"no response type":       {func(v url.Values) { v.Del("response_type") }, "invalid_request"},
		"max_age in words":       {func(v url.Values) { v.Set("max_age", "abc") }, "invalid_request"},
		"negative max_age":       {func(v url.Values) { v.Set("max_age", "-1") }, "invalid_request"},
		"unreadable, elsewhere":  {func(v url.Values) { v.Set("max_age", "-1"); v.Set("redirect_uri", "https://evil.example/") }, ""},
		"unreadable, a stranger": {func(v url.Values) { v.Set("max_age", "-1"); v.Set("client_id", "nobody") }, ""},
		"prompt none and more":   {func(v url.Values) { v.Set("prompt", "none login") }, "invalid_request"},
		"form post":              {func(v url.Values) { v.Set("response_mode", "form_post") }, "invalid_request"},
		"twice":                  {func(v url.Values) { v.Add("scope", "openid") }, "invalid_request"},
		"foreign hint":           {func(v url.Values) { v.Set("id_token_hint", "e30.e30.e30") }, "invalid_request"},
		"long state":             {func(v url.Values) { v.Set("state", strings.Repeat("s", 5000)) }, "invalid_request"},
		"NUL in the nonce":       {func(v url.Values) { v.Set("nonce", "a\x00b") }, "invalid_request"},
	} {
		form := url.Values{}
		for k, v := range good {
			form[k] = append([]string(nil), v...)
		}
		c.change(form)
		res := s.Get("/oidc/authorize?" + form.Encode())
		if c.back == "" {
			if res.Status != http.StatusBadRequest || res.Header.Get("Location") != "" || res.Doc.Find("h1").Length() != 1 {
				t.Errorf("%s: %d to %q", name, res.Status, res.Header.Get("Location"))
			}
			continue
		}
		to, err := url.Parse(res.Header.Get("Location"))
		if err != nil || !strings.HasPrefix(to.String(), webtest.AppCallback+"?") || to.Query().Get("error") != c.back || to.Query().Has("code") ||
			to.Query().Get("state") == "" || to.Query().Get("iss") != s.URL {
			t.Errorf("%s: %d to %q, want %s", name, res.Status, to, c.back)
		}
	}
}

func TestPublicClientNeedsPKCE(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	app := model.App{Slug: "script", Kind: model.AppOIDC, Name: "Script", Public: true, RedirectURIs: []string{webtest.AppCallback}, AllGroups: true}
	if err := s.Store.CreateApp(context.Background(), storetest.Actor, app); err != nil {
		t.Fatal(err)
	}
	s.Oauth.ClientID, s.Oauth.ClientSecret = "script", ""
	s.Oauth.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	s.Verifier = s.Op.Verifier(&oidc.Config{ClientID: "script"})
	if got := s.Answer(t, s.Oauth.AuthCodeURL("state"), ""); got.Get("error") != "invalid_request" {
		t.Errorf("without PKCE: %v", got)
	}
	verifier := oauth2.GenerateVerifier()
	code := s.Answer(t, s.Oauth.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier)), "user0").Get("code")
	if _, err := s.Oauth.Exchange(context.Background(), code); webtest.RefusedWith(t, err) != "invalid_request" {
		t.Errorf("without the verifier: %v", err)
	}
	s.Exchange(t, code, oauth2.VerifierOption(verifier))
}

func TestTokenRequestsAreRefused(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	crowd := model.App{Slug: "crowd", Kind: model.AppCrowd, Name: "Crowd"}
	if err := s.Store.CreateApp(context.Background(), storetest.Actor, crowd); err != nil {
		t.Fatal(err)
	}
	mine := "client_id=jira&client_secret=" + s.Oauth.ClientSecret
	code := "&redirect_uri=" + url.QueryEscape(webtest.AppCallback) + "&grant_type=authorization_code&code="
	for name, c := range map[string]struct {
		contentType, body, basic string
		status                   int
		want                     string
	}{
		"empty":               {webtest.FormType, "", "", 401, "invalid_client"},
		"JSON":                {"application/json", `{"grant_type":"authorization_code"}`, "", 401, "invalid_client"},
		"bad form":            {webtest.FormType, "%zz", "", 400, "invalid_request"},
		"10 MB":               {webtest.FormType, "code=" + strings.Repeat("a", 10<<20), "", 400, "invalid_request"},
		"no grant":            {webtest.FormType, mine, "", 400, "invalid_request"},
		"password grant":      {webtest.FormType, mine + "&grant_type=password&username=a&password=b", "", 400, "unsupported_grant_type"},
		"client credentials":  {webtest.FormType, mine + "&grant_type=client_credentials", "", 400, "unsupported_grant_type"},
		"no code":             {webtest.FormType, mine + "&grant_type=authorization_code", "", 400, "invalid_request"},
		"unknown code":        {webtest.FormType, mine + code + "x", "", 400, "invalid_grant"},
		"NUL in the code":     {webtest.FormType, mine + code + "%00", "", 400, "invalid_grant"},
		"bad UTF-8":           {webtest.FormType, mine + code + "%ff", "", 400, "invalid_grant"},
		"no refresh token":    {webtest.FormType, mine + "&grant_type=refresh_token", "", 400, "invalid_request"},
		"bad refresh token":   {webtest.FormType, mine + "&grant_type=refresh_token&refresh_token=x", "", 400, "invalid_grant"},
		"two codes":           {webtest.FormType, mine + code + "a&code=b", "", 400, "invalid_request"},
		"two ways":            {webtest.FormType, mine + code + "x", s.Oauth.ClientSecret, 400, "invalid_request"},
		"only the header":     {webtest.FormType, code[1:] + "x", s.Oauth.ClientSecret, 400, "invalid_grant"},
		"encoded header":      {webtest.FormType, code[1:] + "x", percentEncoded(s.Oauth.ClientSecret), 400, "invalid_grant"},
		"bad header":          {webtest.FormType, code[1:] + "x", "%zz", 401, "invalid_client"},
		"an app of Crowd":     {webtest.FormType, "client_id=crowd&client_secret=x" + code + "x", "", 401, "invalid_client"},
		"hostile client":      {webtest.FormType, "client_id=%00%0d%0a'--&client_secret=x" + code + "x", "", 401, "invalid_client"},
		"secret in the query": {webtest.FormType, code[1:] + "x", "", 401, "invalid_client"},
	} {
		path := "/oidc/token"
		if name == "secret in the query" {
			path += "?" + mine
		}
		r := webtest.Post(path, c.contentType, c.body)
		if c.basic != "" {
			r.SetBasicAuth("jira", c.basic)
		}
		w := s.Send(r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), `"error":"`+c.want+`"`) || strings.Contains(w.Body.String(), "SQL") {
			t.Errorf("%s: %d %s, want %d %s", name, w.Code, w.Body, c.status, c.want)
		}
		if (w.Code == http.StatusUnauthorized) != (w.Header().Get("WWW-Authenticate") != "") {
			t.Errorf("%s: %d with the challenge %q", name, w.Code, w.Header().Get("WWW-Authenticate"))
		}
	}
	if res := s.Get("/oidc/token"); res.Status != http.StatusMethodNotAllowed {
		t.Errorf("GET answers %d", res.Status)
	}
	entries, _, err := s.Store.Audit(context.Background(), store.AuditQuery{Action: "app.sign_in_refused"})
	if err != nil || len(entries) != 2 { // one of jira, one of all the unknown
		t.Errorf("%d audit entries: %v", len(entries), err)
	}
}

// percentEncoded is v as a client may send it in a Basic header (RFC 6749
// §2.3.1): every letter as a code here.
func percentEncoded(v string) (encoded string) {
	for _, b := range []byte(v) {
		encoded += fmt.Sprintf("%%%02X", b)
	}
	return encoded
}

// Addresses are kept in logs and histories, so a token in one is not looked at.
func TestUserinfoTakesNoTokenFromTheAddress(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	token, _ := s.SignIn(t, "user0")
	query := url.Values{"access_token": {token.AccessToken}}
	for name, r := range map[string]*http.Request{
		"GET":  httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/oidc/userinfo?"+query.Encode(), nil),
		"POST": webtest.Post("/oidc/userinfo?"+query.Encode(), webtest.FormType, ""),
	} {
		if w := s.Send(r); w.Code != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if w := s.Send(webtest.Post("/oidc/userinfo", webtest.FormType, query.Encode())); w.Code != http.StatusOK {
		t.Errorf("in the form: %d %s", w.Code, w.Body)
	}
}

func TestUserinfoIsRefused(t *testing.T) {
	t.Parallel()
	s := webtest.NewAppSite(t, storetest.Open(t))
	for _, header := range []string{"", "Bearer", "Bearer ", "Bearer x", "Bearer \x00", "Basic eDp5", "Bearer " + strings.Repeat("x", 100_000)} {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/oidc/userinfo", nil)
		r.Header.Set("Authorization", header)
		w := s.Send(r)
		if w.Code != http.StatusUnauthorized || !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Bearer ") {
			t.Errorf("%.20q: %d %s", header, w.Code, w.Body)
		}
	}
}

// Without the database an app gets the protocol's error and nothing else.
func TestDatabaseLostDuringAnExchange(t *testing.T) {
	t.Parallel()
	st, err := store.Open(context.Background(), storetest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	s := webtest.NewAppSite(t, st)
	st.Close()
	w := s.Send(webtest.Post("/oidc/token", webtest.FormType, "grant_type=authorization_code&code=x&client_id=jira&client_secret=x"))
	if w.Code != http.StatusInternalServerError || strings.TrimSpace(w.Body.String()) != `{"error":"server_error"}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
