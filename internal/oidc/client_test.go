package oidc_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/postern-sso/postern/internal/model"
	provider "github.com/postern-sso/postern/internal/oidc"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
)

func post(path, contentType, body string) *http.Request {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	return r
}

// The client proves itself before anything else is looked at.
func TestTokenRequestsAreRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	s.must(s.store.CreateApp(context.Background(), storetest.Actor, model.App{Slug: "crowd", Kind: model.AppCrowd, Name: "Crowd"}))
	crowd := s.newSecret("crowd")
	mine := "client_id=jira&client_secret=" + s.oauth.ClientSecret
	code := "&redirect_uri=" + url.QueryEscape(appCallback) + "&grant_type=authorization_code&code="
	for name, c := range map[string]struct {
		contentType, body, basic string
		status                   int
		want                     string
	}{
		"empty":               {formType, "", "", 401, "invalid_client"},
		"JSON":                {"application/json", `{"grant_type":"authorization_code"}`, "", 401, "invalid_client"},
		"bad form":            {formType, "%zz", "", 400, "invalid_request"},
		"10 MB":               {formType, "code=" + strings.Repeat("a", 10<<20), "", 400, "invalid_request"},
		"no grant":            {formType, mine, "", 400, "invalid_request"},
		"password grant":      {formType, mine + "&grant_type=password&username=a&password=b", "", 400, "unsupported_grant_type"},
		"client credentials":  {formType, mine + "&grant_type=client_credentials", "", 400, "unsupported_grant_type"},
		"no code":             {formType, mine + "&grant_type=authorization_code", "", 400, "invalid_request"},
		"unknown code":        {formType, mine + code + "x", "", 400, "invalid_grant"},
		"NUL in the code":     {formType, mine + code + "%00", "", 400, "invalid_grant"},
		"bad UTF-8":           {formType, mine + code + "%ff", "", 400, "invalid_grant"},
		"no refresh token":    {formType, mine + "&grant_type=refresh_token", "", 400, "invalid_request"},
		"bad refresh token":   {formType, mine + "&grant_type=refresh_token&refresh_token=x", "", 400, "invalid_grant"},
		"two codes":           {formType, mine + code + "a&code=b", "", 400, "invalid_request"},
		"two clients":         {formType, "client_id=nobody&" + mine + code + "x", "", 400, "invalid_request"},
		"two ways":            {formType, mine + code + "x", s.oauth.ClientSecret, 400, "invalid_request"},
		"two names":           {formType, "client_id=nobody" + code + "x", s.oauth.ClientSecret, 400, "invalid_request"},
		"the name twice":      {formType, "client_id=jira" + code + "x", s.oauth.ClientSecret, 400, "invalid_grant"},
		"only the header":     {formType, code[1:] + "x", s.oauth.ClientSecret, 400, "invalid_grant"},
		"encoded header":      {formType, code[1:] + "x", percentEncoded(s.oauth.ClientSecret), 400, "invalid_grant"},
		"bad header":          {formType, code[1:] + "x", "%zz", 401, "invalid_client"},
		"wrong in the header": {formType, code[1:] + "x", "wrong", 401, "invalid_client"},
		"no secret":           {formType, "client_id=jira" + code + "x", "", 401, "invalid_client"},
		"a wrong secret":      {formType, "client_id=jira&client_secret=wrong" + code + "x", "", 401, "invalid_client"},
		"an app of Crowd":     {formType, "client_id=crowd&client_secret=" + crowd + code + "x", "", 401, "invalid_client"},
		"another's secret":    {formType, "client_id=jira&client_secret=" + crowd + code + "x", "", 401, "invalid_client"},
		"hostile client":      {formType, "client_id=%00%0d%0a'--&client_secret=x" + code + "x", "", 401, "invalid_client"},
		"secret in the query": {formType, code[1:] + "x", "", 401, "invalid_client"},
	} {
		path := provider.TokenPath
		if name == "secret in the query" {
			path += "?" + mine
		}
		r := post(path, c.contentType, c.body)
		if c.basic != "" {
			r.SetBasicAuth("jira", c.basic)
		}
		res := s.send(r)
		if res.status != c.status || !strings.Contains(res.body, `"error":"`+c.want+`"`) || strings.Contains(res.body, "SQL") {
			t.Errorf("%s: %d %s, want %d %s", name, res.status, res.body, c.status, c.want)
		}
		if (res.status == http.StatusUnauthorized) != (res.header.Get("WWW-Authenticate") != "") {
			t.Errorf("%s: %d with the challenge %q", name, res.status, res.header.Get("WWW-Authenticate"))
		}
		if res.header.Get("Cache-Control") != "no-store" || res.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %v", name, res.header)
		}
	}
	entries, _, err := s.store.Audit(context.Background(), store.AuditQuery{Action: "app.sign_in_refused"})
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

// Whether an app exists is told to nobody who is not that app.
func TestUnknownAppsLookLikeWrongSecrets(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	for _, path := range []string{provider.TokenPath, provider.RevokePath} {
		known := s.post(path, url.Values{"client_id": {"jira"}, "client_secret": {"wrong"}, "token": {"x"}})
		unknown := s.post(path, url.Values{"client_id": {"nobody"}, "client_secret": {"wrong"}, "token": {"x"}})
		none := s.post(path, url.Values{"client_id": {"jira"}, "token": {"x"}})
		if known.status != unknown.status || known.body != unknown.body || known.body != none.body {
			t.Errorf("%s answers %q, %q and %q", path, known.body, unknown.body, none.body)
		}
	}
	for secret, want := range map[string]string{"": "sent no client secret", "wrong": "not one of its own"} { // but its page tells
		s.now = s.now.Add(time.Second)
		s.post(provider.TokenPath, url.Values{"client_id": {"jira"}, "client_secret": {secret}})
		if last := s.noted(); !strings.Contains(last.RefusedWhy, want) || last.RefusedAddr != "192.0.2.1" {
			t.Errorf("noted %+v, want %q", last, want)
		}
	}
}

func TestClientSecrets(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	ctx := context.Background()
	right := s.oauth
	for _, style := range []oauth2.AuthStyle{oauth2.AuthStyleInHeader, oauth2.AuthStyleInParams} {
		s.oauth.Endpoint.AuthStyle = style
		s.oauth.ClientSecret = right.ClientSecret
		s.exchange(s.code())
		for _, wrong := range []string{"", "wrong", right.ClientSecret + "x"} {
			s.oauth.ClientSecret = wrong
			if _, err := s.oauth.Exchange(ctx, s.code()); s.refused(err) != "invalid_client" {
				t.Errorf("the secret %q, style %d: %v", wrong, style, err)
			}
		}
		stranger := right
		stranger.ClientID, stranger.Endpoint.AuthStyle = "nobody", style
		if _, err := stranger.Exchange(ctx, "code"); s.refused(err) != "invalid_client" {
			t.Errorf("an unknown client, style %d: %v", style, err)
		}
	}
	// A rotation: both work, then only the new one.
	s.oauth.ClientSecret = s.newSecret("jira")
	s.exchange(s.code())
	secrets, err := s.store.AppSecrets(ctx, "jira")
	if err != nil || len(secrets) != 2 || secrets[0].LastUsedAt.IsZero() || secrets[1].LastUsedAt.IsZero() {
		t.Fatalf("secrets %+v: %v", secrets, err)
	}
	if _, err := right.Exchange(ctx, s.code()); err != nil {
		t.Errorf("the old secret during the rotation: %v", err)
	}
	s.must(s.store.DeleteAppSecret(ctx, storetest.Actor, "jira", secrets[1].ID))
	if _, err := right.Exchange(ctx, s.code()); s.refused(err) != "invalid_client" {
		t.Errorf("the old secret after the rotation: %v", err)
	}
	s.exchange(s.code())
}

// Whoever floods an app's secrets is cut off; few mistakes, and who comes from
// elsewhere or is another app, are not.
func TestWrongSecretsAreLimited(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Open(t))
	jira := url.Values{"client_id": {"jira"}, "client_secret": {s.oauth.ClientSecret}, "grant_type": {"refresh_token"}, "refresh_token": {"x"}}
	try := func(v url.Values, from string) *page {
		r := post(provider.TokenPath, formType, v.Encode())
		r.RemoteAddr = from + ":1234"
		return s.send(r)
	}
	want := func(what string, res *page, status int) {
		t.Helper()
		if res.status != status {
			t.Errorf("%s: %d %s, want %d", what, res.status, res.body, status)
		}
	}
	wrong := url.Values{"client_id": {"jira"}, "client_secret": {"wrong"}}
	for range provider.SecretFailuresPerMinute {
		try(wrong, "192.0.2.1")
	}
	want("after some mistakes", try(jira, "192.0.2.1"), http.StatusBadRequest)
	want("the last that is judged", try(wrong, "192.0.2.1"), http.StatusUnauthorized)
	cut := try(jira, "192.0.2.1")
	if cut.status != http.StatusTooManyRequests || !strings.Contains(cut.body, `"error":"temporarily_unavailable"`) || cut.header.Get("Retry-After") == "" {
		t.Errorf("after many: %d %s", cut.status, cut.body)
	}
	want("without a secret", try(url.Values{"client_id": {"jira"}}, "192.0.2.1"), http.StatusTooManyRequests)
	want("from elsewhere", try(jira, "192.0.2.2"), http.StatusBadRequest)
	s.otherApp()
	wiki := url.Values{"client_id": {"wiki"}, "client_secret": {s.oauth.ClientSecret}, "grant_type": {"refresh_token"}, "refresh_token": {"x"}}
	want("another app", try(wiki, "192.0.2.1"), http.StatusBadRequest)

	for range 2 * provider.SecretFailuresPerMinute { // one network of IPv6 is one caller
		try(wrong, "[2001:db8::1]")
	}
	want("the same network", try(jira, "[2001:db8::2]"), http.StatusTooManyRequests)
	want("another network", try(jira, "[2001:db8:1::2]"), http.StatusBadRequest)
}

// Without the database an app gets the protocol's error and nothing else.
func TestDatabaseLostDuringAnExchange(t *testing.T) {
	t.Parallel()
	st, err := store.Open(context.Background(), storetest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, st)
	st.Close()
	for path, body := range map[string]string{
		provider.TokenPath:  "grant_type=authorization_code&code=x&client_id=jira&client_secret=x",
		provider.RevokePath: "token=x&client_id=jira&client_secret=x", provider.UserinfoPath: "access_token=x",
	} {
		res := s.send(post(path, formType, body))
		if res.status != http.StatusServiceUnavailable || strings.TrimSpace(res.body) != `{"error":"server_error"}` || res.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %s", path, res.status, res.body)
		}
	}
	if res := s.get(provider.KeysPath); res.status != http.StatusServiceUnavailable || res.body != `{"error":"server_error"}` ||
		res.header.Get("Cache-Control") != "no-store" {
		t.Errorf("the keys: %d %s %v", res.status, res.body, res.header)
	}
	for _, form := range []url.Values{goodRequest(), {"max_age": {"x"}, "client_id": {"jira"}}} {
		res := s.get(provider.AuthorizePath + "?" + form.Encode())
		if res.status != http.StatusInternalServerError || res.body != problem(provider.ProblemInternal)+" " {
			t.Errorf("%v: %d %q", form, res.status, res.body)
		}
	}
}
