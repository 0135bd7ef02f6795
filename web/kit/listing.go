package kit

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/parts"
	"github.com/postern-sso/postern/templates/people"
	"github.com/postern-sso/postern/templates/ui"
)

// RowsPerPage is how many rows a list shows.
const RowsPerPage = 50

// PathValue is a variable part of the address, decoded. The router matches the
// address as it was sent whenever that differs from Go's own way of encoding,
// and then hands the part over still encoded.
func PathValue(r *http.Request, name string) string {
	v := chi.URLParam(r, name)
	if r.URL.RawPath == "" {
		return v
	}
	plain, err := url.PathUnescape(v)
	if err != nil {
		return v
	}
	return plain
}

// PageOf is the part of a list that the address asks for.
func PageOf(r *http.Request) store.Page {
	return store.Page{Limit: RowsPerPage, After: r.URL.Query().Get("after")}
}

// Paging leads from a page of the list at path to its first and its next page,
// with the search and the filters kept.
func Paging(r *http.Request, path, next string) parts.Paging {
	var p parts.Paging
	q := r.URL.Query()
	if q.Get("after") != "" {
		q.Del("after")
		p.First = WithQuery(path, q)
	}
	if next != "" {
		q.Set("after", next)
		p.Next = WithQuery(path, q)
	}
	return p
}

// SortLinks are the heads of the columns by which the list at path can be
// sorted, given as key, label pairs. Sorting leads back to the first page. A key
// with a minus sorts downwards first.
func SortLinks(r *http.Request, path, current string, pairs ...string) []ui.SortLink {
	var links []ui.SortLink
	for i := 0; i+1 < len(pairs); i += 2 {
		key := pairs[i]
		link := ui.SortLink{Label: pairs[i+1]}
		q := r.URL.Query()
		q.Del("after")
		q.Set("sort", key)
		switch {
		case current == key && strings.HasPrefix(key, "-"):
			link.Order = "descending"
			q.Set("sort", key[1:])
		case current == "-"+key:
			link.Order = "descending"
		case "-"+current == key:
			link.Order = "ascending"
		case current == key:
			link.Order = "ascending"
			q.Set("sort", "-"+key)
		}
		link.Href = WithQuery(path, q)
		links = append(links, link)
	}
	return links
}

// WithQuery is the address of a path with a query, without the parts that are empty.
func WithQuery(path string, q url.Values) string {
	for name, values := range q {
		if len(values) == 0 || values[0] == "" {
			q.Del(name)
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// FilterTags are the filters that the address sets, of those given as name,
// label pairs, each with the way to the list at path without it.
func FilterTags(r *http.Request, path string, pairs ...string) []people.FilterTag {
	var tags []people.FilterTag
	for i := 0; i+1 < len(pairs); i += 2 {
		q := r.URL.Query()
		value := q.Get(pairs[i])
		if value == "" {
			continue
		}
		q.Del(pairs[i])
		q.Del("after")
		tags = append(tags, people.FilterTag{Label: pairs[i+1] + ": " + value, Href: WithQuery(path, q)})
	}
	return tags
}
