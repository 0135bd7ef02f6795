package web_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
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
	queries := new(webtest.QueryCounter)
	database := storetest.Database(b)
	fillCompany(b, database)
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
	session := s.Client.Jar.Cookies(home)
	for _, p := range companyPages() {
		b.Run(p.name, func(b *testing.B) { s.BenchmarkPage(b, p.path, session, queries) })
	}
}

type benchPage struct{ name, path string }

// companyPages are the pages that could grow with the company.
func companyPages() []benchPage {
	at := func(path string, parts ...string) string { return path + "after=" + benchCursor(parts...) }
	long := time.Now().AddDate(0, 0, -80).UTC().Format(time.RFC3339Nano)
	return []benchPage{
		{"overview", "/"},
		{"connections", "/connections"},
		{"connection", "/connections/aws"},
		{"users first", "/users"},
		{"users deep", at("/users?", "person090000", "person090000")},
		{"users search many", "/users?q=lovelace"},
		{"users search one", "/users?q=person054321"},
		{"users search none", "/users?q=nobody-has-this"},
		{"users search two letters", "/users?q=qz"},
		{"users inactive", "/users?active=no"},
		{"users source", "/users?source=aws"},
		{"users source rare", "/users?source=ldap"},
		{"users of a group", "/users?group=group00500"},
		{"users of the large group", "/users?group=everybody"},
		{"users by last login", "/users?sort=-last_login"},
		{"users by email deep", at("/users?sort=email&", "person090000@example.com", "person090000")},
		{"user", "/users/person054321"},
		{"user new", "/users/new"},
		{"groups first", "/groups"},
		{"groups deep", at("/groups?", "group09000")},
		{"groups search one", "/groups?q=group05432"},
		{"groups search none", "/groups?q=nothing-like-it"},
		{"group small", "/groups/group00500"},
		{"members first", "/groups/everybody"},
		{"members deep", at("/groups/everybody?", "person090000")},
		{"members search many", "/groups/everybody?q=turing"},
		{"members search one", "/groups/everybody?q=person054321"},
		{"members search none", "/groups/everybody?q=nobody-has-this"},
		{"rule new", "/rules/new"},
		{"logins first", "/logins"},
		{"logins deep", at("/logins?", long, "l000000900000000")},
		{"logins by code", "/logins?code=username_taken"},
		{"logins by rare code", "/logins?code=replayed"},
		{"logins by person", "/logins?q=person054321"},
		{"logins by nobody", "/logins?q=nobody-has-this"},
		{"audit first", "/audit"},
		{"audit deep", at("/audit?", "1000")},
		{"audit search many", "/audit?q=person0543"},
		{"audit search none", "/audit?q=nobody-has-this"},
	}
}

// benchCursor writes a cursor as the store does.
func benchCursor(parts ...string) string {
	data, _ := json.Marshal(parts) // strings always marshal
	return base64.RawURLEncoding.EncodeToString(data)
}
