package login_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/kit"
	"github.com/postern-sso/postern/web/login"
	"github.com/postern-sso/postern/web/webtest"
)

// trusting is a configuration that trusts AWS's key.
func trusting(c *model.Config) {
	c.IdPMetadata, c.Attributes = webtest.MetadataWith(webtest.Keys().AwsCert), model.WizardAttributes()
}

// Two connections trust one AWS. What was asked by way of one is no answer to the
// other, though the browser brings the request's own handle and cookie.
func TestRow09RequestOfAnotherConnection(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	storetest.LiveConnection(t, x.Store, "other", trusting)
	here, there := x.Begin(false), x.BeginAt("other", false)
	crossed := there
	crossed.Scene.ACS, crossed.Scene.Audience = here.Scene.ACS, here.Scene.Audience
	x.Refused(t, "another connection's request", "aws", crossed, webtest.HonestMessage(&crossed), model.CodeInResponseToUnknown)
	w := x.AnswerAt("other", there, webtest.HonestMessage(&there))
	x.WantCode(t, "the request at its own connection, afterwards", w, "")
}

// A request waits for an hour, to the microsecond.
func TestRow09ExpiredRequest(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	late, inTime := x.Begin(false), x.Begin(false)
	x.Now = x.Now.Add(login.RequestLifetime - time.Microsecond)
	inTime.Scene.Now = x.Now
	x.WantCode(t, "in the last microsecond", x.Answer(inTime, webtest.HonestMessage(&inTime)), "")
	x.Now = x.Now.Add(time.Microsecond)
	late.Scene.Now = x.Now
	x.Refused(t, "after an hour", "aws", late, webtest.HonestMessage(&late), model.CodeInResponseToUnknown)
}

// The session here ends when AWS says, by the clock that judged the answer.
func TestRow07SessionEndsWithAWS(t *testing.T) {
	t.Parallel()
	x := webtest.NewTarget(t, nil)
	for _, c := range []struct{ atAWS, here time.Duration }{{30 * time.Minute, 30 * time.Minute}, {48 * time.Hour, kit.PersonLifetime}} {
		e := x.Begin(false)
		w := x.Answer(e, attack.WithSessionEnd(&e.Scene, x.Now.Add(c.atAWS)))
		x.WantCode(t, "the login", w, "")
		cookies := webtest.Later(e.Cookies, w.Result().Cookies())
		x.Now = x.Now.Add(c.here - time.Second)
		if !x.SignedIn(cookies) {
			t.Errorf("%v at AWS: nobody is signed in a second before %v", c.atAWS, c.here)
		}
		x.Now = x.Now.Add(time.Second)
		if x.SignedIn(cookies) {
			t.Errorf("%v at AWS: she is signed in after %v", c.atAWS, c.here)
		}
	}
}

// An honest message opens nothing at a connection that is not live.
func TestRow19ConnectionIsNotLive(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	x := webtest.NewTarget(t, nil)
	storetest.Connection(t, x.Store, "draft", trusting)
	storetest.LiveConnection(t, x.Store, "deleted", trusting)
	asked, gone, clicked := x.Begin(false), x.BeginAt("deleted", false), x.BeginAt("draft", true)
	if err := x.Store.SetStatus(ctx, webtest.Tester, "aws", model.StatusSuspended); err != nil {
		t.Fatal(err)
	}
	if err := x.Store.DeleteConnection(ctx, webtest.Tester, "deleted"); err != nil {
		t.Fatal(err)
	}
	for slug, e := range map[string]webtest.Exchange{"aws": asked, "deleted": gone, "draft": clicked} {
		x.Refused(t, slug+", asked", slug, e, webtest.HonestMessage(&e), model.CodeConnectionNotLive)
		e.Scene.Request, e.Relay = "", ""
		x.Refused(t, slug+", from the tile", slug, e, webtest.HonestMessage(&e), model.CodeConnectionNotLive)
		w := x.Send(httptest.NewRequestWithContext(ctx, http.MethodGet, "/saml/"+slug+"/login", nil))
		x.WantCode(t, slug+", a login", w, model.CodeConnectionNotLive)
	}
	if err := x.Store.SetStatus(ctx, webtest.Tester, "aws", model.StatusLive); err != nil {
		t.Fatal(err)
	}
	x.SignIn("alice", webtest.AsItIs)
}
