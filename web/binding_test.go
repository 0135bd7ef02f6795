package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/webtest"
)

// trusting is a configuration that trusts AWS's key.
func trusting(c *model.Config) {
	c.IdPMetadata, c.Attributes = metadataWith(keys().awsCert), model.WizardAttributes()
}

// refused sends a message that must be refused with that code and lets nobody in.
func (x *target) refused(t *testing.T, what, slug string, e exchange, message string, want model.Code) {
	t.Helper()
	before := x.state()
	w := x.answerAt(slug, e, message)
	x.wantCode(t, what, w, want)
	if w.Code != statusOf(want) {
		t.Errorf("%s: answered %d", what, w.Code)
	}
	x.wantNothing(t, w, e, message, before)
}

// Two connections trust one AWS. What was asked by way of one is no answer to the
// other, though the browser brings the request's own handle and cookie.
func TestRow09RequestOfAnotherConnection(t *testing.T) {
	t.Parallel()
	x := newTarget(t, nil)
	storetest.LiveConnection(t, x.Store, "other", trusting)
	here, there := x.begin(false), x.beginAt("other", false)
	crossed := there
	crossed.scene.ACS, crossed.scene.Audience = here.scene.ACS, here.scene.Audience
	x.refused(t, "another connection's request", "aws", crossed, honestMessage(&crossed), model.CodeInResponseToUnknown)
	w := x.answerAt("other", there, honestMessage(&there))
	x.wantCode(t, "the request at its own connection, afterwards", w, "")
}

// A request waits for an hour, to the microsecond.
func TestRow09ExpiredRequest(t *testing.T) {
	t.Parallel()
	x := newTarget(t, nil)
	late, inTime := x.begin(false), x.begin(false)
	x.Now = x.Now.Add(web.RequestLifetime - time.Microsecond)
	inTime.scene.Now = x.Now
	x.wantCode(t, "in the last microsecond", x.answer(inTime, honestMessage(&inTime)), "")
	x.Now = x.Now.Add(time.Microsecond)
	late.scene.Now = x.Now
	x.refused(t, "after an hour", "aws", late, honestMessage(&late), model.CodeInResponseToUnknown)
}

// The session here ends when AWS says, by the clock that judged the answer.
func TestRow07SessionEndsWithAWS(t *testing.T) {
	t.Parallel()
	x := newTarget(t, nil)
	for _, c := range []struct{ atAWS, here time.Duration }{{30 * time.Minute, 30 * time.Minute}, {48 * time.Hour, kit.PersonLifetime}} {
		e := x.begin(false)
		w := x.answer(e, attack.WithSessionEnd(&e.scene, x.Now.Add(c.atAWS)))
		x.wantCode(t, "the login", w, "")
		cookies := later(e.cookies, w.Result().Cookies())
		x.Now = x.Now.Add(c.here - time.Second)
		if !x.signedIn(cookies) {
			t.Errorf("%v at AWS: nobody is signed in a second before %v", c.atAWS, c.here)
		}
		x.Now = x.Now.Add(time.Second)
		if x.signedIn(cookies) {
			t.Errorf("%v at AWS: she is signed in after %v", c.atAWS, c.here)
		}
	}
}

// An honest message opens nothing at a connection that is not live.
func TestRow19ConnectionIsNotLive(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	x := newTarget(t, nil)
	storetest.Connection(t, x.Store, "draft", trusting)
	storetest.LiveConnection(t, x.Store, "deleted", trusting)
	asked, gone, clicked := x.begin(false), x.beginAt("deleted", false), x.beginAt("draft", true)
	if err := x.Store.SetStatus(ctx, webtest.Tester, "aws", model.StatusSuspended); err != nil {
		t.Fatal(err)
	}
	if err := x.Store.DeleteConnection(ctx, webtest.Tester, "deleted"); err != nil {
		t.Fatal(err)
	}
	for slug, e := range map[string]exchange{"aws": asked, "deleted": gone, "draft": clicked} {
		x.refused(t, slug+", asked", slug, e, honestMessage(&e), model.CodeConnectionNotLive)
		e.scene.Request, e.relay = "", ""
		x.refused(t, slug+", from the tile", slug, e, honestMessage(&e), model.CodeConnectionNotLive)
		w := x.Send(httptest.NewRequestWithContext(ctx, http.MethodGet, "/saml/"+slug+"/login", nil))
		x.wantCode(t, slug+", a login", w, model.CodeConnectionNotLive)
	}
	if err := x.Store.SetStatus(ctx, webtest.Tester, "aws", model.StatusLive); err != nil {
		t.Fatal(err)
	}
	x.signIn("alice", asItIs)
}
