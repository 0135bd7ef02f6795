package logins_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/logins"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/webtest"
)

func TestInspectorSaysWhatProvisioningWouldDo(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), func(c *model.Config) { c.Provisioning = model.ProvisioningManual })
	s.SignInAs(model.RoleViewer)
	form := s.InspectForm(s.Tile("user0"))
	unknown := s.Post(paths.Inspector, form).Want(t, http.StatusOK)
	unknown.Has(t, ".alert-warning h2", "the person would not get in")
	unknown.Has(t, "section[aria-labelledby=reason]", "Nobody here has this username")
	s.AddUser("user0")
	known := s.Post(paths.Inspector, form).Want(t, http.StatusOK)
	known.Has(t, ".alert-success h2", "would be accepted")
	known.Has(t, "section[aria-labelledby=would]", "linked to this AWS identity")
	u, err := s.Store.User(t.Context(), "user0")
	if err != nil {
		t.Fatal(err)
	}
	if links, err := s.Store.Identities(t.Context(), u.ID); err != nil || len(links) > 0 {
		t.Errorf("inspecting linked %+v, %v", links, err)
	}
}

func TestInspectorTakesAnyRevisionTimeAndRequest(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), nil)
	s.SignInAs(model.RoleViewer)
	first := s.Connection("aws").Live.ID
	s.GoLiveWith("aws", func(c *model.Config) { c.EntityID = "https://other.example.com" })
	m := s.Tile("user0")
	options := s.Get(paths.Inspector)
	options.Has(t, "select[name=revision]", "revision 1 (past)")
	options.Has(t, "select[name=revision] option:first-child", "revision 2 (live)")

	form := s.InspectForm(m)
	res := s.Post(paths.Inspector, form).Want(t, http.StatusOK)
	res.Has(t, "section[aria-labelledby=reason]", "The answer is for somebody else")
	form.Set("revision", strconv.FormatInt(first, 10))
	s.Post(paths.Inspector, form).Has(t, ".alert-success p", "revision 1 (past)")

	form.Set("request_id", "_0123")
	asked := s.Post(paths.Inspector, form).Want(t, http.StatusOK)
	asked.Has(t, ".alert-danger h2", "would be refused")
	if got, _ := asked.Doc.Find("input[name=request_id]").Attr("value"); got != "_0123" {
		t.Errorf("the form comes back with %q", got)
	}
	form.Del("request_id")

	s.Now = s.Now.Add(48 * time.Hour)
	s.Post(paths.Inspector, form).Has(t, ".alert-danger h2", "would be refused")
	form.Set("clock", logins.ClockMade)
	made := s.Post(paths.Inspector, form).Want(t, http.StatusOK)
	made.Has(t, ".alert-success h2", "would be accepted")
	if got, _ := made.Doc.Find("select[name=clock] option[selected]").Attr("value"); got != logins.ClockMade {
		t.Errorf("the form comes back with %q", got)
	}
	form.Set("response", "nothing of that kind")
	s.Post(paths.Inspector, form).Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "neither XML nor base64")
	form.Set("response", "<Response/>")
	s.Post(paths.Inspector, form).Want(t, http.StatusUnprocessableEntity).Has(t, ".problems", "does not say when it was made")
}

func TestInspectorTakesAFormBody(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), func(c *model.Config) { c.AllowIdPInitiated = false })
	s.SignInAs(model.RoleViewer)
	m := s.Tile("user0")
	form := s.InspectForm(m)
	form.Set("response", url.Values{"SAMLResponse": {m.SAMLResponse()}, "RelayState": {"x"}}.Encode())
	res := s.Post(paths.Inspector, form).Want(t, http.StatusOK)
	res.Has(t, ".alert-success h2", "would be accepted")
	res.Has(t, ".trap", "AWS started this one")
}

func TestTraceGoesToTheInspector(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), nil)
	s.SignInAs(model.RoleAdmin)
	l := s.Trace(s.Send(s.AnswerFromAWS(t, s.Sim, s.App, "user0")))
	shown := s.Post(paths.LoginAction(l.ID, "xml"), nil).Want(t, http.StatusOK)
	form := url.Values{}
	for _, in := range shown.Doc.Find("form[action='" + paths.Inspector + "'] input").EachIter() {
		form.Set(in.AttrOr("name", ""), in.AttrOr("value", ""))
	}
	res := s.Post(paths.Inspector, form).Want(t, http.StatusOK)
	res.Has(t, ".alert-success h2", "would be accepted")
	if !strings.Contains(res.Find("section[aria-labelledby=person]"), "user0") {
		t.Error("the inspector does not name the person")
	}
}

// The form can be sent as a browser shows it: a list that must be chosen from
// does not begin with an empty choice, which browsers take for none.
func TestInspectorCanBeSentWithItsDefaults(t *testing.T) {
	t.Parallel()
	s := webtest.NewSAMLSite(t, storetest.Open(t), nil)
	s.SignInAs(model.RoleViewer)
	page := s.Get(paths.Inspector).Want(t, http.StatusOK)
	if page.Doc.Find("form select[required]").Length() == 0 {
		t.Fatal("nothing must be chosen")
	}
	page.Doc.Find("form select[required]").Each(func(_ int, list *goquery.Selection) {
		if value, _ := list.Find("option").First().Attr("value"); value == "" {
			t.Errorf("%s begins with an empty choice", list.AttrOr("name", "?"))
		}
	})
	values := url.Values{"response": {"<EntityDescriptor xmlns='urn:oasis:names:tc:SAML:2.0:metadata'/>"}, "clock": {"made"},
		"revision": {page.Doc.Find("select[name=revision] option").First().AttrOr("value", "")}}
	s.Post(paths.Inspector, values).Want(t, http.StatusUnprocessableEntity).Has(t, "main", "it is metadata (EntityDescriptor)")
}
