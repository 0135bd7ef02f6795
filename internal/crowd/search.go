package crowd

import (
	"io"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// entityKind is what a search is for.
type entityKind struct {
	name     string
	property func(string) store.PropertyType // 0 for a property that it does not have
}

// kindOf reads the argument entity-type.
func kindOf(name string) (entityKind, error) {
	switch name {
	case "user":
		return entityKind{name, store.UserPropertyType}, nil
	case "group":
		return entityKind{name, store.GroupPropertyType}, nil
	}
	return entityKind{}, illegal("The argument entity-type must be user or group.")
}

// searchBody is a search whose restriction is in the body.
func (c *call) searchBody() error {
	kind, err := kindOf(c.argument("entity-type"))
	if err != nil {
		return err
	}
	body, err := io.ReadAll(c.r.Body)
	if err != nil {
		return err
	}
	r, err := readRestriction(kind, c.r.Header.Get("Content-Type"), body)
	if err != nil {
		return err
	}
	return c.search(kind, r)
}

// searchQuery is a search whose restriction is in Crowd's query language.
func (c *call) searchQuery() error {
	kind, err := kindOf(c.argument("entity-type"))
	if err != nil {
		return err
	}
	r, err := readQuery(kind, c.argument("restriction"))
	if err != nil {
		return err
	}
	return c.search(kind, r)
}

func (c *call) search(kind entityKind, r store.Restriction) error {
	q, err := c.pageOf(r)
	if err != nil {
		return err
	}
	if q.Limit == 1 {
		c.note.Kind = model.CrowdTest
	}
	expand := c.expands(kind.name)
	if kind.name == "user" {
		if err := c.synchronizes(model.CrowdUsers, q); err != nil {
			return err
		}
		return c.sendUsers(expand, func(emit func(model.User) error) error { return c.Store.DirectoryUsers(c.ctx, q, emit) })
	}
	if err := c.synchronizes(model.CrowdGroups, q); err != nil {
		return err
	}
	return c.sendGroups(expand, func(emit func(model.Group) error) error { return c.Store.DirectoryGroups(c.ctx, q, emit) })
}

// synchronizes notes that a search without restriction is a page of a full
// synchronization. A search for one result is the connection test.
func (c *call) synchronizes(kind string, q store.DirectoryQuery) error {
	if !q.Restriction.None() || q.Limit == 1 {
		return nil
	}
	c.note.Kind, c.note.First = kind, q.Start == 0
	if !c.note.First {
		return nil
	}
	return c.Store.BeginFullSync(c.ctx, c.app.Slug, c.Now())
}
