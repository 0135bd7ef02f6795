package web_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/internal/store/storetest"
	"github.com/postern-sso/postern/web/webtest"
)

// BenchmarkPages is each list and page of the console at the size of a company
// (see companySQL), through the whole handler with its session, in PostgreSQL
// of its own: server time, bytes before compression, and queries.
func BenchmarkPages(b *testing.B) {
	c := openCompany(b, companySize)
	for _, p := range companyPages(companySize) {
		b.Run(p.name, func(b *testing.B) { c.site.BenchmarkPage(b, p.path, c.session, c.queries) })
	}
}

// company is the console of a company, and an owner's session in it.
type company struct {
	site    *webtest.Site
	session []*http.Cookie
	queries *webtest.QueryCounter
}

// openCompany makes a company of so many users.
func openCompany(b *testing.B, people int) company {
	b.Helper()
	queries := new(webtest.QueryCounter)
	database := storetest.Database(b)
	fillCompany(b, database, people)
	st, err := store.Open(context.Background(), database, store.WithTracer(queries))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(st.Close)
	storetest.LiveConnection(b, st, "aws", nil)
	s := webtest.NewSiteOn(b, st)
	s.SignInAs(model.RoleOwner)
	home, err := url.Parse(s.URL)
	if err != nil {
		b.Fatal(err)
	}
	return company{site: s, session: s.Client.Jar.Cookies(home), queries: queries}
}

type benchPage struct{ name, path string }

// companyPages are the pages that could grow with a company of so many users.
func companyPages(people int) []benchPage {
	user := fmt.Sprintf("person%06d", people*54321/100_000)
	late := fmt.Sprintf("person%06d", people*9/10)
	group := fmt.Sprintf("group%05d", people/200)
	at := func(path string, parts ...string) string { return path + "after=" + benchCursor(parts...) }
	long := time.Now().AddDate(0, 0, -80).UTC().Format(time.RFC3339Nano)
	return []benchPage{
		{"overview", "/"},
		{"connections", "/connections"},
		{"connection", "/connections/aws"},
		{"users first", "/users"},
		{"users deep", at("/users?", late, late)},
		{"users search many", "/users?q=lovelace"},
		{"users search one", "/users?q=" + user},
		{"users search none", "/users?q=nobody-has-this"},
		{"users search two letters", "/users?q=qz"},
		{"users search umlaut", "/users?q=%C3%BC"},
		{"users search sign", "/users?q=%25"},
		{"users inactive", "/users?active=no"},
		{"users source", "/users?source=source"},
		{"users of a group", "/users?group=" + group},
		{"users of the large group", "/users?group=everybody"},
		{"users by last login", "/users?sort=-last_login"},
		{"users by email deep", at("/users?sort=email&", late+"@example.com", late)},
		{"user", "/users/" + user},
		{"user new", "/users/new"},
		{"groups first", "/groups"},
		{"groups deep", at("/groups?", fmt.Sprintf("group%05d", people*9/100))},
		{"groups search one", "/groups?q=" + fmt.Sprintf("group%05d", people*54/1000)},
		{"groups search none", "/groups?q=nothing-like-it"},
		{"group small", "/groups/" + group},
		{"members first", "/groups/everybody"},
		{"members deep", at("/groups/everybody?", late)},
		{"members search many", "/groups/everybody?q=turing"},
		{"members search one", "/groups/everybody?q=" + user},
		{"members search none", "/groups/everybody?q=nobody-has-this"},
		{"members search umlaut", "/groups/everybody?q=%C3%BC"},
		{"rule new", "/rules/new"},
		{"logins first", "/logins"},
		{"logins deep", at("/logins?", long, fmt.Sprintf("l%015d", people*9))},
		{"logins by code", "/logins?code=username_taken"},
		{"logins by rare code", "/logins?code=replayed"},
		{"logins by person", "/logins?q=" + user},
		{"logins by nobody", "/logins?q=nobody-has-this"},
		{"audit first", "/audit"},
		{"audit deep", at("/audit?", strconv.Itoa(people/100))},
		{"audit search many", "/audit?q=" + user[:len(user)-2]},
		{"audit search none", "/audit?q=nobody-has-this"},
		{"audit search umlaut", "/audit?q=%C3%BC"},
		{"audit search two letters", "/audit?q=qz"},
	}
}

// benchCursor writes a cursor as the store does.
func benchCursor(parts ...string) string {
	data, _ := json.Marshal(parts) // strings always marshal
	return base64.RawURLEncoding.EncodeToString(data)
}
