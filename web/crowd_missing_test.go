package web_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// The app's page says what is wrong, and not the opposite of it.
func TestCrowdAppPageSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := webtest.NewCrowdSite(t, storetest.Open(t), nil)
	s.SignInAs(model.RoleAdmin)
	s.People()
	sync := func() {
		s.Ask("POST", "/search?entity-type=user&start-index=0&max-results=-1&expand=user", "xml", "<null-search-restriction/>")
		s.Ask("POST", "/search?entity-type=group&start-index=0&max-results=-1&expand=group", "xml", "<null-search-restriction/>")
		s.Ask("GET", "/group/membership", "xml", "")
	}
	for _, step := range []struct {
		do   func()
		want string // empty: nothing is missing
	}{
		{func() {}, "Jira has not asked yet"},
		{func() { s.Ask("GET", "/nothing", "xml", "") }, "No request of Jira has succeeded lately"},
		{func() { s.Password = "wrong"; s.Ask("GET", "/config/cookie", "xml", "") }, "came with a wrong password"},
		{func() { s.Password = webtest.TestPassword; s.Ask("GET", "/config/cookie", "xml", "") }, "has not synchronized yet"},
		{sync, "has not asked for changes alone yet"},
		{func() { _, token := s.Since(""); s.Since(token) }, ""},
		{func() { s.Ask("DELETE", "/user?username=ana", "xml", "") }, ""},
		{func() { s.Now = s.Now.Add(25 * time.Hour) }, "has not synchronized for 25 hours"},
		{func() { _, token := s.Since(""); s.Since(token) }, ""},
		{func() {
			s.Must(s.Store.SaveApp(ctx, webtest.Tester, model.App{Slug: "jira", Kind: model.AppCrowd, Name: "Jira", Product: "jira", AllGroups: true,
				AllowedIPs: []string{"10.0.0.1"}}))
			s.Ask("GET", "/config/cookie", "xml", "")
		}, "came from an address that is not allowedIt came from 127.0.0.1."},
	} {
		step.do()
		res := s.Get("/apps/jira")
		notice := strings.TrimSpace(res.Doc.Find("[aria-labelledby=seen] .needs li").Text())
		if res.Status != http.StatusOK || (step.want == "") != (notice == "") || !strings.Contains(notice, step.want) {
			t.Errorf("answered %d with %q, want %q", res.Status, notice, step.want)
		}
	}
}
