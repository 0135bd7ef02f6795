package login_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

func TestRow10Replay(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	first := x.Begin(false)
	message := webtest.HonestMessage(&first)
	x.WantCode(t, "the first use", x.Answer(first, message), "")
	x.WantCode(t, "again from the same browser", x.Answer(first, message), model.CodeReplayed)
	stranger := webtest.Exchange{Relay: first.Relay}
	x.WantCode(t, "from another browser", x.Answer(stranger, message), model.CodeReplayed)
	later := x.Begin(false)
	later.Scene = first.Scene
	x.WantCode(t, "with another request's relay state", x.Answer(later, message), model.CodeReplayed)
	x.WantCode(t, "as if AWS had started it", x.Answer(webtest.Exchange{}, message), model.CodeReplayed)
	x.Now = x.Now.Add(maxSkewedLife)
	x.WantCode(t, "long after", x.Answer(first, message), model.CodeReplayed)

	unasked := x.Begin(true)
	message = webtest.HonestMessage(&unasked)
	x.WantCode(t, "unasked", x.Answer(unasked, message), "")
	x.WantCode(t, "unasked, again", x.Answer(unasked, message), model.CodeReplayed)
}

// maxSkewedLife is for how long the messages of these tests count, nearly.
const maxSkewedLife = 62 * 60 * 1e9

// An assertion whose signature alone counts is the same in another envelope.
func TestRow10ReplayInAnotherEnvelope(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, func(c *model.Config) { c.RequireSignatures = model.SignaturesAssertion })
	e := x.Begin(true)
	message := ""
	for _, v := range attack.Variants() {
		if strings.HasPrefix(v.Name, "honest, only the assertion") {
			message = v.Mint(&e.Scene)
		}
	}
	x.WantCode(t, "the first use", x.Answer(e, message), "")
	at := strings.Index(message, ` ID="_`) + len(` ID="_`)
	again := message[:at] + "00" + message[at+2:]
	if again == message {
		again = message[:at] + "11" + message[at+2:]
	}
	x.WantCode(t, "in an envelope with another ID", x.Answer(e, again), model.CodeReplayed)
}

// several are servers on one database, as several processes are.
func several(t *testing.T, n int) []*webtest.Target {
	t.Helper()
	url, key := storetest.RunURL(storetest.Database(t)), filepath.Join(t.TempDir(), "secret.key")
	var all []*webtest.Target
	for i := range n {
		st, err := store.Open(context.Background(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(st.Close)
		s := webtest.NewSiteWith(t, st, key)
		x := &webtest.Target{SamlSite: &webtest.SamlSite{Site: s}}
		if i > 0 { // they stand behind one address
			x.URL, x.Now = all[0].URL, all[0].Now
			s.Opts.PublicURL = all[0].URL
		}
		all = append(all, x)
	}
	storetest.LiveConnection(t, all[0].Store, "aws", func(c *model.Config) {
		c.IdPMetadata, c.Attributes = webtest.MetadataWith(webtest.Keys().AwsCert), model.WizardAttributes()
	})
	return all
}

// Many servers get one answer at the same time: one lets the person in.
func TestRow10OneUseInSeveralProcesses(t *testing.T) {
	t.Parallel()
	all := several(t, 4)
	for range 5 {
		for _, unsolicited := range []bool{false, true} {
			e := all[0].Begin(unsolicited)
			message := webtest.HonestMessage(&e)
			answers := make(chan *httptest.ResponseRecorder, 2*len(all))
			var together sync.WaitGroup
			for i := range cap(answers) {
				together.Go(func() { answers <- all[i%len(all)].Answer(e, message) })
			}
			together.Wait()
			close(answers)
			won := 0
			for w := range answers {
				switch l := all[0].Trace(w); {
				case w.Code == http.StatusSeeOther:
					won++
				case l.Refusal == nil || (l.Refusal.Code != model.CodeReplayed && l.Refusal.Code != model.CodeInResponseToUnknown):
					t.Errorf("a loser is told %d %+v", w.Code, l.Refusal)
				}
			}
			if won != 1 {
				t.Errorf("unsolicited %v: %d let the person in, want 1", unsolicited, won)
			}
		}
	}
	if n, err := all[0].Store.CountUsers(context.Background()); err != nil || n != 1 {
		t.Errorf("%d users, %v", n, err)
	}
}

// Two messages answer one request: it is claimed once.
func TestRow09RequestIsClaimedOnce(t *testing.T) {
	t.Parallel()
	all := several(t, 2)
	e := all[0].Begin(false)
	messages := []string{webtest.HonestMessage(&e), webtest.HonestMessage(&e)}
	codes := make(chan int, 2)
	var together sync.WaitGroup
	for i, x := range all {
		together.Go(func() { codes <- x.Answer(e, messages[i]).Code })
	}
	together.Wait()
	if a, b := <-codes, <-codes; a+b != http.StatusSeeOther+http.StatusForbidden {
		t.Errorf("answered %d and %d, want one 303 and one 403", a, b)
	}
}

// Two people's first logins under one new username at once make one user.
func TestRow18SimultaneousFirstLoginsMakeOneUser(t *testing.T) {
	t.Parallel()
	all := several(t, 2)
	var together sync.WaitGroup
	for _, x := range all {
		e := x.Begin(false)
		message := webtest.HonestMessage(&e)
		together.Go(func() {
			if w := x.Answer(e, message); w.Code != http.StatusSeeOther {
				t.Errorf("answered %d", w.Code)
			}
		})
	}
	together.Wait()
	if n, err := all[0].Store.CountUsers(context.Background()); err != nil || n != 1 {
		t.Errorf("%d users, %v", n, err)
	}
}

// A response that somebody got for their own request is planted in another
// browser.
func TestRow11LoginCSRF(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	theirs, mine := x.Begin(false), x.Begin(false)
	message := webtest.HonestMessage(&theirs)
	planted := theirs
	planted.Cookies = mine.Cookies
	x.WantCode(t, "with their relay state in my browser", x.Answer(planted, message), model.CodeInResponseToOtherBrowser)
	planted.Relay = mine.Relay
	x.WantCode(t, "with my relay state in my browser", x.Answer(planted, message), model.CodeInResponseToUnknown)
	planted.Cookies = nil
	planted.Relay = theirs.Relay
	x.WantCode(t, "in a browser that has never been here", x.Answer(planted, message), model.CodeInResponseToOtherBrowser)
}

// personCookie is the session cookie that an answer sets.
func personCookie(w *httptest.ResponseRecorder) string {
	for _, c := range w.Result().Cookies() {
		if strings.HasSuffix(c.Name, "postern-person") {
			return c.Value
		}
	}
	return ""
}

func TestRow11SessionIsNewAfterEveryLogin(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	e := x.Begin(false)
	fixed := &http.Cookie{Name: "postern-person", Value: "set-before-the-login-by-somebody-else-000000"}
	e.Cookies = append(e.Cookies, fixed)
	first := x.Answer(e, webtest.HonestMessage(&e))
	token := personCookie(first)
	if token == "" || token == fixed.Value {
		t.Fatalf("the session after the login is %q", token)
	}
	for _, c := range e.Cookies {
		if c.Value == token {
			t.Errorf("the cookie %s of before became the session", c.Name)
		}
	}
	again := x.Begin(false)
	again.Cookies = append(again.Cookies, &http.Cookie{Name: "postern-person", Value: token})
	if second := personCookie(x.Answer(again, webtest.HonestMessage(&again))); second == "" || second == token {
		t.Errorf("the second login goes on with the session %q", second)
	}
	if page := x.Me(httptest.NewRecorder(), webtest.Exchange{Cookies: []*http.Cookie{{Name: "postern-person", Value: token}}}); !strings.Contains(page,
		"You are not signed in") {
		t.Error("the session of before still works")
	}
}

func TestRow11NobodyIsPushedAsideUnseen(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	w, cookies := x.Unasked("alice", nil)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/me" {
		t.Fatalf("with nobody there: %d to %q", w.Code, w.Header().Get("Location"))
	}
	if w, cookies = x.Unasked("alice", cookies); w.Code != http.StatusSeeOther {
		t.Fatalf("with herself there: %d", w.Code)
	}
	session := cookies
	who := func(cookies []*http.Cookie) string {
		return x.Me(httptest.NewRecorder(), webtest.Exchange{Cookies: cookies})
	}

	asked, cookies := x.Unasked("bob", session)
	if asked.Code != http.StatusOK || !strings.Contains(asked.Body.String(), "Become bob") || !strings.Contains(asked.Body.String(), "Stay alice") {
		t.Fatalf("with somebody else there: %d\n%s", asked.Code, asked.Body)
	}
	if !strings.Contains(who(cookies), "alice@example.com") {
		t.Error("the question alone changed who is signed in")
	}
	_, rest, _ := strings.Cut(asked.Body.String(), `name="arrival" value="`)
	token, _, _ := strings.Cut(rest, `"`)
	answer := func(choice, origin string, cookies []*http.Cookie) *httptest.ResponseRecorder {
		r := webtest.Post("/saml/aws/arrived", webtest.FormType, url.Values{"arrival": {token}, "choice": {choice}}.Encode())
		if r.Header.Set("Sec-Fetch-Site", "same-origin"); origin != "" {
			r.Header.Set("Sec-Fetch-Site", origin)
		}
		for _, c := range cookies {
			r.AddCookie(c)
		}
		return x.Send(r)
	}
	if w := answer("switch", "cross-site", cookies); w.Code != http.StatusForbidden {
		t.Errorf("the answer from another site: %d", w.Code)
	}
	stranger := slices.DeleteFunc(slices.Clone(session), func(c *http.Cookie) bool { return strings.HasSuffix(c.Name, "postern-login") })
	if w := answer("switch", "", stranger); w.Code != http.StatusSeeOther || !strings.Contains(who(session), "alice@") {
		t.Errorf("the answer from a browser that was not asked: %d", w.Code)
	}
	switched := answer("switch", "", cookies)
	if switched.Code != http.StatusSeeOther || !strings.Contains(who(switched.Result().Cookies()), "bob@example.com") {
		t.Errorf("after the switch: %d", switched.Code)
	}
	if w := answer("switch", "", cookies); w.Code != http.StatusForbidden || personCookie(w) != "" {
		t.Errorf("the answer twice: %d, session %q", w.Code, personCookie(w))
	}

	_, cookies = x.Unasked("alice", nil)
	asked, cookies = x.Unasked("bob", cookies)
	_, rest, _ = strings.Cut(asked.Body.String(), `name="arrival" value="`)
	token, _, _ = strings.Cut(rest, `"`)
	if w := answer("stay", "", cookies); w.Code != http.StatusSeeOther || !strings.Contains(who(cookies), "alice@example.com") {
		t.Errorf("staying: %d", w.Code)
	}
	if w := answer("switch", "", cookies); personCookie(w) != "" {
		t.Errorf("a change of mind after staying begins a session: %d", w.Code)
	}
}
