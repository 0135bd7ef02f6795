package webtest

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

const CrowdBase = "/crowd/rest/usermanagement/1"

// CrowdSite is a site with an app that uses it as its directory.
type CrowdSite struct {
	*Site
	App, Password string
}

func NewCrowdSite(t testing.TB, st *store.Store, change func(*model.App)) *CrowdSite {
	t.Helper()
	s := &CrowdSite{Site: NewSiteOn(t, st), App: "jira", Password: TestPassword}
	app := model.App{Slug: s.App, Kind: model.AppCrowd, Name: "Jira", Product: "jira", AllGroups: true}
	if change != nil {
		change(&app)
	}
	s.Must(st.CreateApp(context.Background(), Tester, app))
	s.Must(st.AddAppSecret(context.Background(), Tester, s.App, TestHash, "a pas"))
	return s
}

func (s *CrowdSite) Must(err error) {
	s.T.Helper()
	if err != nil {
		s.T.Fatal(err)
	}
}

// People makes Ana, an administrator, and Bob, who has left, with two groups.
func (s *CrowdSite) People() {
	s.T.Helper()
	ctx := context.Background()
	for _, g := range []model.Group{{Name: "jira-administrators", Description: "May do everything"}, {Name: "Jira Users"}} {
		_, err := s.Store.CreateGroup(ctx, Tester, g)
		s.Must(err)
	}
	_, err := s.Store.CreateUser(ctx, Tester, model.User{Username: "Ana", Email: "ana@example.com", DisplayName: "Ana Díaz",
		FirstName: "Ana", LastName: "Díaz", Active: true}, []string{"jira-administrators", "Jira Users"})
	s.Must(err)
	_, err = s.Store.CreateUser(ctx, Tester, model.User{Username: "bob", Email: "bob@example.org"}, []string{"Jira Users"})
	s.Must(err)
}

// Ask sends a request as the app; accept is "xml" or "json".
func (s *CrowdSite) Ask(method, path, accept, body string) *Page {
	s.T.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, s.URL+CrowdBase+path, strings.NewReader(body))
	s.Must(err)
	req.SetBasicAuth(s.App, s.Password)
	req.Header.Set("Accept", "application/"+accept)
	req.Header.Set("X-Embedded-Crowd-Version", "5.1.2")
	if body != "" {
		req.Header.Set("Content-Type", "application/xml")
		if strings.HasPrefix(body, "{") {
			req.Header.Set("Content-Type", "application/json")
		}
	}
	res, err := http.DefaultClient.Do(req)
	s.Must(err)
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	s.Must(err)
	return &Page{Status: res.StatusCode, Header: res.Header, Body: string(data)}
}

// SecondApp makes one to compare with, because what an app was told is kept.
func (s *CrowdSite) SecondApp() {
	s.T.Helper()
	ctx := context.Background()
	s.Must(s.Store.CreateApp(ctx, Tester, model.App{Slug: "other", Kind: model.AppCrowd, Name: "Other", AllGroups: true}))
	s.Must(s.Store.AddAppSecret(ctx, Tester, "other", TestHash, "a pas"))
}

// Since asks what is new and returns it in short form, and the next token.
func (s *CrowdSite) Since(token string) (news []string, next string) {
	s.T.Helper()
	path := "/event"
	if token != "" {
		path += "/" + token
	}
	res := s.Ask("GET", path, "xml", "")
	if res.Status != http.StatusOK {
		return []string{fmt.Sprint(res.Status, " ", between(res.Body, "<reason>", "</reason>"))}, token
	}
	var list struct {
		Token     string `xml:"newEventToken,attr"`
		Available bool   `xml:"incrementalSynchronisationAvailable,attr"`
		Events    []struct {
			XMLName   xml.Name
			Operation string `xml:"operation"`
			Entity    []struct {
				Name   string `xml:"name,attr"`
				Active string `xml:"active"`
				Group  []struct {
					Name string `xml:"name,attr"`
				} `xml:"group"`
			} `xml:",any"`
		} `xml:",any"`
	}
	s.Must(xml.Unmarshal([]byte(res.Body), &list))
	if list.Token == "" || !list.Available {
		s.T.Errorf("events without token: %s", res.Body)
	}
	for _, e := range list.Events {
		line := strings.TrimSuffix(e.XMLName.Local, "Event") + " " + e.Operation
		for _, entity := range e.Entity {
			for _, g := range entity.Group {
				line += " in " + g.Name
			}
			if entity.Name != "" {
				line += " " + entity.Name
			}
			if entity.Active == "false" {
				line += " inactive"
			}
		}
		news = append(news, line)
	}
	return news, list.Token
}

func between(s, begin, end string) string {
	_, s, _ = strings.Cut(s, begin)
	s, _, _ = strings.Cut(s, end)
	return s
}
