package scim

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

func ok(body object) (*answer, error) { return &answer{status: http.StatusOK, body: body}, nil }

func (c *call) config() (*answer, error) {
	c.note.Line = "Asked what the server can do"
	return ok(providerConfig(c.base))
}

func (c *call) types() (*answer, error) {
	c.note.Line = "Asked what is pushed here"
	all := make([]any, 0, len(resourceTypes()))
	for _, t := range resourceTypes() {
		all = append(all, t.discovered(c.base))
	}
	return ok(listAnswer(len(all), 1, all))
}

func (c *call) oneType() (*answer, error) {
	c.note.Line = "Asked what is pushed here"
	for _, t := range resourceTypes() {
		if strings.EqualFold(string(t.kind), chi.URLParam(c.r, "id")) {
			return ok(t.discovered(c.base))
		}
	}
	return nowhere(c)
}

func (c *call) schemas() (*answer, error) {
	c.note.Line = "Asked for the attributes that are kept"
	var all []any
	for _, s := range schemas(c.base) {
		all = append(all, s)
	}
	return ok(listAnswer(len(all), 1, all))
}

func (c *call) oneSchema() (*answer, error) {
	c.note.Line = "Asked for the attributes that are kept"
	for _, s := range schemas(c.base) {
		if id, _ := s["id"].(string); strings.EqualFold(id, chi.URLParam(c.r, "id")) {
			return ok(s)
		}
	}
	return nowhere(c)
}

// question is what a list is asked for.
type question struct {
	filter       string
	start, count int
	view         view
}

func (c *call) list(t *resourceType) (*answer, error) {
	q := question{filter: c.query.Get("filter"), view: readView(c.query.Get("attributes"), c.query.Get("excludedAttributes"))}
	var err error
	if q.start, err = whole("startIndex", c.query.Get("startIndex"), 1); err != nil {
		return nil, err
	}
	if q.count, err = whole("count", c.query.Get("count"), defaultResults); err != nil {
		return nil, err
	}
	return c.find(t, q)
}

// search is a list whose question is in the body.
func (c *call) search(t *resourceType) (*answer, error) {
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	names := func(key string) string {
		list, _ := get(body, key).([]any)
		var all []string
		for _, v := range list {
			all = append(all, textOf(v))
		}
		return strings.Join(all, ",")
	}
	q := question{filter: textOf(get(body, "filter")), view: readView(names("attributes"), names("excludedAttributes"))}
	number := func(key string, otherwise int) (int, error) {
		v := get(body, key)
		if v == nil {
			return otherwise, nil
		}
		return whole(key, fmt.Sprint(v), otherwise)
	}
	if q.start, err = number("startIndex", 1); err != nil {
		return nil, err
	}
	if q.count, err = number("count", defaultResults); err != nil {
		return nil, err
	}
	return c.find(t, q)
}

// whole is an argument that is a whole number.
func whole(name, s string, otherwise int) (int, error) {
	if s == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return 0, bad(typeValue, "%s is no whole number: %.50q.", name, s)
	}
	return int(n), nil
}

func (c *call) find(t *resourceType, q question) (*answer, error) {
	c.note.Line = "Asked for " + strings.ToLower(t.endpoint)
	if q.filter != "" {
		c.note.Line += " with " + q.filter
	}
	where, err := t.readFilter(q.filter)
	if err != nil {
		return nil, err
	}
	c.note.Name = asked(where)
	q.start, q.count = max(q.start, 1), min(max(q.count, 0), maxResults)
	all, total, err := c.Store.SCIMResources(c.ctx, c.source.ID, model.SCIMQuery{
		Kind: t.kind, Where: where, Start: q.start, Count: q.count, Refs: q.view.wants(t, t.refsKey())})
	if err != nil {
		return nil, err
	}
	resources := make([]any, 0, len(all))
	for _, r := range all {
		o, err := t.shown(r, c.base)
		if err != nil {
			return nil, err
		}
		q.view.cut(t, o)
		resources = append(resources, o)
	}
	if len(all) == 1 && total == 1 {
		c.note.ResourceID, c.note.Name = all[0].ID, all[0].Name
	}
	c.note.Details = append(c.note.Details, found(total))
	return ok(listAnswer(total, q.start, resources))
}

// asked is the name, or the email address, that a filter asks for; it says whom the
// request is about.
func asked(where []model.SCIMCondition) string {
	for _, c := range where {
		for _, t := range c.Tests {
			key := c.Path[0] + "." + t.Key
			if s, ok := t.Value.(string); ok && slices.Contains([]string{"username.", "displayname.", "emails.value"}, key) {
				return s
			}
		}
	}
	return ""
}

func found(n int) string {
	if n == 0 {
		return "Nothing was found."
	}
	return fmt.Sprintf("%d found.", n)
}

// refsKey is the attribute with references to the other type.
func (t *resourceType) refsKey() string {
	if t == groupType {
		return membersKey
	}
	return "groups"
}

func (c *call) get(t *resourceType) (*answer, error) {
	c.note.Line = "Asked for a " + strings.ToLower(string(t.kind))
	v := c.view()
	r, err := c.resource(c.Store, t, v.wants(t, t.refsKey()))
	if err != nil {
		return nil, err
	}
	if tags := c.r.Header.Get("If-None-Match"); tags != "" && matches(tags, version(r)) {
		return &answer{status: http.StatusNotModified, version: version(r)}, nil
	}
	return c.show(t, r, http.StatusOK)
}

func (c *call) view() view {
	return readView(c.query.Get("attributes"), c.query.Get("excludedAttributes"))
}

// resource is the one that the address names.
func (c *call) resource(s *store.Store, t *resourceType, refs bool) (model.SCIMResource, error) {
	id := chi.URLParam(c.r, "id")
	r, err := s.SCIMResource(c.ctx, c.source.ID, t.kind, id, refs)
	if errors.Is(err, store.ErrNotFound) {
		return r, fail(http.StatusNotFound, "", "There is no %s with the id %.100q.", strings.ToLower(string(t.kind)), id)
	}
	c.note.ResourceID, c.note.Name = r.ID, r.Name
	if c.note.Line == "Asked for a "+strings.ToLower(string(t.kind)) && err == nil {
		c.note.Line = "Asked for " + r.Name
	}
	return r, err
}

// show is a resource as the answer.
func (c *call) show(t *resourceType, r model.SCIMResource, status int) (*answer, error) {
	o, err := t.shown(r, c.base)
	if err != nil {
		return nil, err
	}
	c.view().cut(t, o)
	return &answer{status: status, body: o, location: t.location(r.ID, c.base), version: version(r)}, nil
}

// matches tells whether a list of entity tags has a version. Weak and strong ones
// compare the same: there is only one form of a resource.
func matches(tags, version string) bool {
	plain := func(s string) string { return strings.Trim(strings.TrimPrefix(strings.TrimSpace(s), "W/"), `"`) }
	for tag := range strings.SplitSeq(tags, ",") {
		if strings.TrimSpace(tag) == "*" || plain(tag) == plain(version) {
			return true
		}
	}
	return false
}
