package people_test

import (
	"testing"

	"github.com/postern-sso/postern/internal/browsertest"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

// covered counts the lists whose arrow, 16 px wide, reaches into the room of the text.
const covered = `[...document.querySelectorAll("main .form-select")].filter(e => {
	const s = getComputedStyle(e), right = parseFloat(s.backgroundPositionX.replace("calc(100% - ", ""));
	return !(right + 16 < parseFloat(s.paddingRight));
}).length`

func TestTheArrowOfAFilterCoversNoText(t *testing.T) {
	t.Parallel()
	s := webtest.NewSiteOn(t, storetest.OpenPool(t))
	s.SignInAs(model.RoleOwner)
	s.AddUser("alice")
	b := browsertest.Open(t)
	b.Goto(s.URL + "/signin")
	b.Fill("email", "owner@example.com")
	b.Fill("password", webtest.TestPassword)
	b.Press("Sign in")
	b.Goto(s.URL + paths.Users)
	b.WaitText("alice")
	b.Use(browsertest.Phone)
	if n := browsertest.Eval[int](b, covered); n > 0 || !b.Has("select[name=active]") {
		t.Errorf("the arrow covers the text of %d lists", n)
	}
	b.Use(browsertest.Mouse)
	b.Look("users-filters")
}
