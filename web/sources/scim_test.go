package sources_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/sources"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/webtest"
)

// entra adds a source that is pushed to.
func entra(t *testing.T, s *webtest.Site, status model.SourceStatus) {
	t.Helper()
	src := model.NewSource(model.SourceSCIM)
	src.Slug, src.Name, src.Status = "entra", "Entra ID", status
	if _, err := s.Store.CreateSource(t.Context(), webtest.Tester, src); err != nil {
		t.Fatal(err)
	}
}

// push sends a request as an identity provider does.
func push(t *testing.T, s *webtest.Site, token, method, path, body string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+"/scim/entra/v2"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

func TestASourceThatPushesFromTheTokenToItsRequests(t *testing.T) {
	t.Parallel()
	s := site(t)
	entra(t, s, model.SourceLive)
	page := s.Get(paths.Source("entra")).Want(t, http.StatusOK)
	page.Has(t, ".copybox-value", "/scim/entra/v2")
	page.Has(t, ".note", "no token, so nobody can push")
	tokens := []string{}
	for _, days := range []string{"90", "0", "365"} {
		made := s.Post(paths.SourceAction("entra", "tokens"), url.Values{"days": {days}}).Want(t, http.StatusOK)
		token := made.Doc.Find(".copybox-value").Eq(1).Text()
		if len(token) < 40 || strings.Contains(s.Get(paths.Source("entra")).Body, token) {
			t.Fatalf("%q is short, or shown twice", token)
		}
		tokens = append(tokens, token)
	}
	page = s.Get(paths.Source("entra"))
	if n := page.Doc.Find("form[action$='/end']").Length(); n != 2 {
		t.Errorf("%d tokens hold, want two", n)
	}
	page.Has(t, "main", "Holds until it is ended")
	page.Has(t, "main", "ends as soon as another is made")
	if got := push(t, s, tokens[0], "GET", "/Users", ""); got != http.StatusUnauthorized {
		t.Errorf("the oldest of three got %d", got)
	}
	if got := push(t, s, tokens[2], "POST", "/Users", `{"userName":"ana","externalId":"1"}`); got != http.StatusCreated {
		t.Fatalf("got %d", got)
	}
	if got := push(t, s, tokens[2], "POST", "/Users", `{"externalId":"2"}`); got != http.StatusBadRequest {
		t.Fatalf("got %d", got)
	}
	s.Get(paths.Source("entra")).Has(t, "section[aria-labelledby=requests]", "took effect")
	requests := paths.SourceAction("entra", "requests")
	if n := s.Get(requests).Want(t, http.StatusOK).Doc.Find("tbody tr").Length(); n != 2 {
		t.Errorf("%d requests", n)
	}
	s.Get(requests+"?outcome=refused").Has(t, "tbody", "POST /Users")
	if n := s.Get(requests + "?outcome=changes&q=ana").Doc.Find("tbody tr").Length(); n != 1 {
		t.Errorf("%d requests about ana", n)
	}
	if n := s.Get(requests + "?q=nobody").Doc.Find("tbody tr").Length(); n != 0 {
		t.Errorf("%d requests about nobody", n)
	}
	s.Post(page.Action("form[action$='/end']"), nil).Want(t, http.StatusSeeOther)
	if got := push(t, s, tokens[2], "GET", "/Users", ""); got != http.StatusUnauthorized {
		t.Errorf("a token that was ended got %d", got)
	}
	s.Post(page.Action("form[action$='/end']"), nil).Want(t, http.StatusSeeOther)
	s.Get(paths.Source("entra")).Has(t, "main", "ended")
}

func TestADraftThatPushesIsOnlyNoted(t *testing.T) {
	t.Parallel()
	s := site(t)
	entra(t, s, model.SourceDraft)
	s.Get(paths.Source("entra")).Has(t, "main", "change no user and no group here")
	token := s.Post(paths.SourceAction("entra", "tokens"), url.Values{"days": {"0"}}).Doc.Find(".copybox-value").Eq(1).Text()
	if got := push(t, s, token, "POST", "/Users", `{"userName":"ana","externalId":"1"}`); got != http.StatusCreated {
		t.Fatalf("got %d", got)
	}
	s.Get(paths.SourceAction("entra", "requests")).Has(t, "tbody", "only noted")
	if _, err := s.Store.User(t.Context(), "ana"); err == nil {
		t.Error("a draft made a user")
	}
}

// A source that is read has neither tokens nor requests.
func TestASourceThatIsReadHasNoTokens(t *testing.T) {
	t.Parallel()
	s := site(t)
	s.SourceOf("corp", 2)
	s.Get(paths.SourceAction("corp", "requests")).Want(t, http.StatusNotFound)
	s.Post(paths.SourceAction("corp", "tokens"), nil).Want(t, http.StatusNotFound)
	s.Post(paths.SourceAction("corp", "tokens", "1", "end"), nil).Want(t, http.StatusNotFound)
}

// Each outcome can be chosen, and what the list says where nothing fits names the choice.
func TestRequestsByOutcome(t *testing.T) {
	t.Parallel()
	s := site(t)
	entra(t, s, model.SourceLive)
	list := paths.SourceAction("entra", "requests")
	rows := func(query string, want int) *webtest.Page {
		t.Helper()
		page := s.Get(list+"?"+query).Want(t, http.StatusOK)
		if n := page.Doc.Find("tbody tr").Length(); n != want {
			t.Errorf("%s: %d requests, want %d", query, n, want)
		}
		return page
	}
	rows("", 0).Has(t, ".empty-state", "Entra ID asked for nothing that is still kept.")
	src, err := s.Store.Source(t.Context(), "entra")
	if err != nil {
		t.Fatal(err)
	}
	outcomes := model.SCIMOutcomes()
	for _, o := range outcomes {
		word, _ := sources.RequestWord(o)
		rows("outcome="+string(o), 0).Has(t, ".empty-state", "Of the requests of Entra ID that are kept none has the outcome “"+word+"”.")
	}
	for _, o := range outcomes {
		q := model.SCIMRequest{At: time.Now(), Method: "PATCH", Path: "/Users/1", Status: 200, Outcome: o, Line: "Asked for " + string(o), Name: "ana"}
		if err := s.Store.NoteSCIMRequest(t.Context(), src.ID, q); err != nil {
			t.Fatal(err)
		}
	}
	for _, o := range outcomes {
		word, _ := sources.RequestWord(o)
		page := rows("outcome="+string(o), 1)
		page.Has(t, "tbody", "Asked for "+string(o))
		page.Has(t, "tbody", word)
		rows("q=bob&outcome="+string(o), 0).Has(t, ".empty-state", "none has the outcome “"+word+"” and is about “bob”.")
	}
	rows("", len(outcomes))
	rows("outcome=changes", len(outcomes)-1)
	rows("outcome=changes&q=bob", 0).Has(t, ".empty-state", "none was to change something and is about “bob”.")
	rows("outcome=unheard", 0)
}

func TestEveryOutcomeOfARequestHasItsWord(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, o := range model.SCIMOutcomes() {
		word, tone := sources.RequestWord(o)
		if word == string(o) && tone == ui.Plain || seen[word] {
			t.Errorf("%s has the word %q", o, word)
		}
		seen[word] = true
	}
}
