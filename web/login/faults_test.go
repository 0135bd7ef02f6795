package login_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/web/webtest"
)

// Wherever something of ours panics on the way, the answer names a trace, and
// there is exactly one: that of the login, when it was written before.
func TestPanicsLeaveOneTrace(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	calls, fault, at := 0, 0, x.Site.Now //nolint:staticcheck // the server has one of that name, too
	x.Server.Now = func() time.Time {    // asked at every stage
		if calls++; calls == fault {
			panic("injected")
		}
		return at
	}
	for fault = 1; ; fault++ {
		e := func() webtest.Exchange { // nothing fails before the answer
			stage := fault
			fault = 0
			defer func() { fault = stage }()
			return x.Begin(false)
		}()
		before := x.Traces()
		calls = 0
		w := x.Answer(e, webtest.HonestMessage(&e))
		if calls < fault {
			break // there is no such stage: the login went through
		}
		fault, calls = -fault, 0
		l := x.Trace(w)
		if fault = -fault; w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), l.ID) {
			t.Errorf("stage %d: %d %s", fault, w.Code, w.Body)
		}
		if n := x.Traces() - before; n > 1 { // the one that began the login is finished, or stays and another is written
			t.Errorf("stage %d leaves %d more traces", fault, n)
		}
		if l.Outcome != model.OutcomeSignedIn && (l.Refusal == nil || l.Refusal.Code != model.CodeInternal) {
			t.Errorf("stage %d: %s %+v", fault, l.Outcome, l.Refusal)
		}
		stage := fault
		fault = 0
		if x.SignedIn(webtest.Later(e.Cookies, w.Result().Cookies())) {
			t.Errorf("stage %d: somebody is signed in", stage)
		}
		fault = stage
	}
	if fault < 5 {
		t.Errorf("only %d stages were seen", fault)
	}
}

// brokenSessions cannot forget a session, as when the database has gone away.
type brokenSessions struct{ scs.Store }

func (brokenSessions) Delete(string) error { return errors.New("injected") }

// A login that was carried out and whose session cannot begin has one trace.
func TestSessionThatCannotBegin(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	there := x.SignIn("alice", webtest.AsItIs)
	x.Persons.Store = brokenSessions{x.Persons.Store}
	e := x.Begin(false)
	e.Cookies = webtest.Later(there, e.Cookies)
	before := x.Traces()
	w := x.Answer(e, webtest.HonestMessage(&e))
	l := x.Trace(w)
	if w.Code != http.StatusServiceUnavailable || x.Traces() != before || l.Outcome != model.OutcomeSignedIn || !strings.Contains(w.Body.String(), l.ID) {
		t.Errorf("%d, %d traces more, %s %+v", w.Code, x.Traces()-before, l.Outcome, l.Refusal)
	}
}

// A request that the server ends on purpose stays ended.
func TestAbortedRequestsStayAborted(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	e := x.Begin(false)
	x.Server.Now = func() time.Time { panic(http.ErrAbortHandler) }
	defer func() {
		if v := recover(); v != http.ErrAbortHandler { //nolint:errorlint // recover gives the very value
			t.Errorf("recovered %v", v)
		}
	}()
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/saml/aws/acs", strings.NewReader(""))
	r.Header.Set("Content-Type", webtest.FormType)
	for _, c := range e.Cookies {
		r.AddCookie(c)
	}
	x.Send(r)
	t.Error("the request was answered")
}
