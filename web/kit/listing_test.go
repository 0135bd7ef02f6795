package kit_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/templates/parts"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/kit"
)

func TestPathValue(t *testing.T) {
	t.Parallel()
	tests := []struct{ path, want string }{
		{paths.User("ana"), "ana"},
		{paths.User("ana@example.com"), "ana@example.com"},
		{"/users/ana%40example.com", "ana@example.com"},
		{paths.User("a/b"), "a/b"},
		{paths.User("a%2Fb"), "a%2Fb"},
		{paths.User("50%"), "50%"},
		{paths.User("new"), "new"},
		{paths.User("rené"), "rené"},
		{paths.User("+"), "+"},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			t.Parallel()
			got := "the router found another page"
			router := chi.NewRouter()
			router.Get("/users/new", func(http.ResponseWriter, *http.Request) {})
			router.Get("/users/{username}", func(_ http.ResponseWriter, r *http.Request) { got = kit.PathValue(r, "username") })
			router.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(context.Background(), http.MethodGet, tt.path, nil))
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestPagingKeepsTheView(t *testing.T) {
	t.Parallel()
	r := &http.Request{URL: &url.URL{Path: "/users", RawQuery: "q=ana&active=&after=abc&sort=email"}}
	want := parts.Paging{First: "/users?q=ana&sort=email", Next: "/users?after=def&q=ana&sort=email"}
	if got := kit.Paging(r, paths.Users, "def"); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	r.URL.RawQuery = ""
	if got := kit.Paging(r, paths.Users, ""); got != (parts.Paging{}) {
		t.Errorf("the only page leads to %+v", got)
	}
}

func TestSortLinks(t *testing.T) {
	t.Parallel()
	r := &http.Request{URL: &url.URL{Path: "/users", RawQuery: "q=ana&after=abc&sort=email"}}
	want := []ui.SortLink{
		{Label: "Last login", Href: "/users?q=ana&sort=-last_login"},
		{Label: "Username", Href: "/users?q=ana&sort=username"},
		{Label: "Email", Href: "/users?q=ana&sort=-email", Order: "ascending"},
	}
	if got := kit.SortLinks(r, paths.Users, "email", "-last_login", "Last login", "username", "Username", "email", "Email"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	want[2].Href, want[2].Order = "/users?q=ana&sort=email", "descending"
	if got := kit.SortLinks(r, paths.Users, "-email", "-last_login", "Last login", "username", "Username", "email", "Email"); !reflect.DeepEqual(got, want) {
		t.Errorf("descending: got %+v, want %+v", got, want)
	}
	want[2].Order = ""
	want[0].Href, want[0].Order = "/users?q=ana&sort=last_login", "descending"
	if got := kit.SortLinks(r, paths.Users, "-last_login", "-last_login", "Last login", "username", "Username", "email", "Email"); !reflect.DeepEqual(got, want) {
		t.Errorf("downwards first: got %+v, want %+v", got, want)
	}
}
