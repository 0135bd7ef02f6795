package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/awssim"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/templates/console"
	"github.com/postern-sso/postern/templates/paths"
)

// inspectForm is a message as the inspector gets it, judged by the live revision.
func (s *samlSite) inspectForm(m *awssim.Message) url.Values {
	return url.Values{"revision": {strconv.FormatInt(s.connection("aws").Live.ID, 10)}, "response": {string(m.XML)}}
}

func (s *samlSite) tile(username string) *awssim.Message {
	s.t.Helper()
	m, err := s.sim.SignIn(s.app, username, "", "")
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

func TestInspectorSaysWhatProvisioningWouldDo(t *testing.T) {
	t.Parallel()
	s := newSAMLSite(t, storetest.Open(t), func(c *model.Config) { c.Provisioning = model.ProvisioningManual })
	s.signInAs(model.RoleViewer)
	form := s.inspectForm(s.tile("user0"))
	unknown := s.post(paths.Inspector, form).want(t, http.StatusOK)
	unknown.has(t, ".alert-warning h2", "the person would not get in")
	unknown.has(t, "section[aria-labelledby=reason]", "Nobody here has this username")
	s.addUser("user0")
	known := s.post(paths.Inspector, form).want(t, http.StatusOK)
	known.has(t, ".alert-success h2", "would be accepted")
	known.has(t, "section[aria-labelledby=would]", "linked to this AWS identity")
	u, err := s.store.User(t.Context(), "user0")
	if err != nil {
		t.Fatal(err)
	}
	if links, err := s.store.Identities(t.Context(), u.ID); err != nil || len(links) > 0 {
		t.Errorf("inspecting linked %+v, %v", links, err)
	}
}

func TestInspectorTakesAnyRevisionTimeAndRequest(t *testing.T) {
	t.Parallel()
	s := newSAMLSite(t, storetest.Open(t), nil)
	s.signInAs(model.RoleViewer)
	first := s.connection("aws").Live.ID
	s.goLiveWith("aws", func(c *model.Config) { c.EntityID = "https://other.example.com" })
	m := s.tile("user0")
	options := s.get(paths.Inspector)
	options.has(t, "select[name=revision]", "revision 1 (past)")
	options.has(t, "select[name=revision] option:first-child", "revision 2 (live)")

	form := s.inspectForm(m)
	res := s.post(paths.Inspector, form).want(t, http.StatusOK)
	res.has(t, "section[aria-labelledby=reason]", "The answer is for somebody else")
	form.Set("revision", strconv.FormatInt(first, 10))
	s.post(paths.Inspector, form).has(t, ".alert-success p", "revision 1 (past)")

	form.Set("request_id", "_0123")
	asked := s.post(paths.Inspector, form).want(t, http.StatusOK)
	asked.has(t, ".alert-danger h2", "would be refused")
	if got, _ := asked.doc.Find("input[name=request_id]").Attr("value"); got != "_0123" {
		t.Errorf("the form comes back with %q", got)
	}
	form.Del("request_id")

	s.now = s.now.Add(48 * time.Hour)
	s.post(paths.Inspector, form).has(t, ".alert-danger h2", "would be refused")
	form.Set("clock", console.ClockMade)
	made := s.post(paths.Inspector, form).want(t, http.StatusOK)
	made.has(t, ".alert-success h2", "would be accepted")
	if got, _ := made.doc.Find("select[name=clock] option[selected]").Attr("value"); got != console.ClockMade {
		t.Errorf("the form comes back with %q", got)
	}
	form.Set("response", "nothing of that kind")
	s.post(paths.Inspector, form).want(t, http.StatusUnprocessableEntity).has(t, ".problems", "does not say when it was made")
}

func TestInspectorTakesAFormBody(t *testing.T) {
	t.Parallel()
	s := newSAMLSite(t, storetest.Open(t), func(c *model.Config) { c.AllowIdPInitiated = false })
	s.signInAs(model.RoleViewer)
	m := s.tile("user0")
	form := s.inspectForm(m)
	form.Set("response", url.Values{"SAMLResponse": {m.SAMLResponse()}, "RelayState": {"x"}}.Encode())
	res := s.post(paths.Inspector, form).want(t, http.StatusOK)
	res.has(t, ".alert-success h2", "would be accepted")
	res.has(t, ".trap", "AWS started this one")
}

func TestTraceGoesToTheInspector(t *testing.T) {
	t.Parallel()
	s := newSAMLSite(t, storetest.Open(t), nil)
	s.signInAs(model.RoleAdmin)
	l := s.trace(s.send(s.answerFromAWS(t, s.sim, s.app, "user0")))
	shown := s.post(paths.LoginAction(l.ID, "xml"), nil).want(t, http.StatusOK)
	form := url.Values{}
	for _, in := range shown.doc.Find("form[action='" + paths.Inspector + "'] input").EachIter() {
		form.Set(in.AttrOr("name", ""), in.AttrOr("value", ""))
	}
	res := s.post(paths.Inspector, form).want(t, http.StatusOK)
	res.has(t, ".alert-success h2", "would be accepted")
	if !strings.Contains(res.find("section[aria-labelledby=person]"), "user0") {
		t.Error("the inspector does not name the person")
	}
}
