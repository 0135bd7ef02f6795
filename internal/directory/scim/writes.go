package scim

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// maxName is how long a userName, a displayName of a group and an externalId may be, in bytes.
const maxName = 1024

// draft is a resource while a request changes it.
type draft struct {
	edit
	was model.SCIMResource // without an id: it is new
}

// change is one transaction in which a request changes what the source pushed and what
// that does here. All of it happens, or nothing.
func (c *call) change(t *resourceType, do func(*writing) error) (model.SCIMResource, error) {
	var after model.SCIMResource
	blank := c.note
	err := c.Store.InTxAgain(c.ctx, func(tx *store.Store) error {
		c.note = blank // of another attempt
		if err := tx.LockSCIM(c.ctx, c.source.ID); err != nil {
			return err
		}
		var err error
		if c.source, err = tx.Source(c.ctx, c.source.Slug); err != nil { // as it is now that the turn has come
			return err
		}
		w := &writing{call: c, tx: tx, of: t}
		if err := do(w); err != nil {
			return err
		}
		after = w.after
		return w.settle()
	})
	return after, err
}

// writing is what happens within the transaction of one request.
type writing struct {
	*call
	tx    *store.Store
	of    *resourceType
	was   model.SCIMResource // without an id: it is new
	after model.SCIMResource

	written bool              // something was kept that was otherwise before
	whole   bool              // of a group: it is new, has another name, or is gone
	members model.SCIMMembers // who came into a group and who went
}

func (c *call) create(t *resourceType) (*answer, error) {
	c.note.Line = "Asked to make a " + strings.ToLower(string(t.kind))
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	after, err := c.change(t, func(w *writing) error { return w.create(body) })
	if err != nil {
		return nil, err
	}
	return c.whole(t, after, http.StatusCreated)
}

func (w *writing) create(body object) error {
	d := draft{edit: edit{of: w.of, doc: object{}}}
	if err := d.fill(verbAdd, body); err != nil {
		return err
	}
	w.note.Name = textOf(d.doc[w.of.nameKey])
	w.note.Line = "Asked to make the " + strings.ToLower(string(w.of.kind)) + " " + w.note.Name
	known, err := w.known(d.doc)
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return err
	case !known.DeletedAt.IsZero():
		d.was = known
		w.note.Details = append(w.note.Details, "Was deleted before, and is back under the same id.")
	default:
		if d, err = w.again(known, body); err != nil {
			return err
		}
		w.note.Details = append(w.note.Details, "Was there already: it kept its id.")
	}
	return w.keep(d)
}

// known is the resource that a new one is: it has the same externalId. Of resources
// without one, it is who had the name last, unless the name is in use.
func (w *writing) known(doc object) (model.SCIMResource, error) {
	external, name := textOf(doc["externalId"]), textOf(doc[w.of.nameKey])
	if external != "" {
		r, err := w.tx.SCIMByExternalID(w.ctx, w.source.ID, w.of.kind, external)
		if !errors.Is(err, store.ErrNotFound) {
			return r, err
		}
	}
	r, err := w.tx.SCIMByName(w.ctx, w.source.ID, w.of.kind, name)
	switch {
	case err != nil:
		return r, err
	case r.DeletedAt.IsZero():
		return r, w.taken(name)
	case w.of == groupType:
		return r, store.ErrNotFound // a name says little about a group
	case external != "" || r.ExternalID != "":
		return r, fail(http.StatusConflict, typeUniqueness, "The %s %.200q was another person's, who was deleted less than 30 days ago. "+
			"The same person comes back with the same externalId.", w.of.nameKey, name)
	}
	return r, nil
}

func (w *writing) taken(name string) error {
	return fail(http.StatusConflict, typeUniqueness, "There is a %s with the %s %.200q already.", strings.ToLower(string(w.of.kind)), w.of.nameKey, name)
}

// again is a resource that is sent once more although it is there: what is sent
// counts, and a person is active again unless it says otherwise.
func (w *writing) again(known model.SCIMResource, body object) (draft, error) {
	d, err := w.open(known)
	if err != nil {
		return d, err
	}
	delete(d.doc, "active")
	return d, d.fill(verbReplace, body)
}

// fill takes a resource that is sent whole.
func (d *draft) fill(by verb, body object) error {
	if err := d.spread(operation{verb: by, value: body}); err != nil {
		return err
	}
	return d.complete()
}

// open makes a draft of what is kept.
func (w *writing) open(r model.SCIMResource) (draft, error) {
	d := draft{edit: edit{of: w.of, doc: object{}}, was: r}
	return d, json.Unmarshal(r.Document, &d.doc)
}

// edit opens the resource of the address and lets change it.
func (c *call) edit(t *resourceType, change func(*draft) error) (model.SCIMResource, error) {
	return c.change(t, func(w *writing) error {
		r, err := w.resource(w.tx, t, false)
		if err != nil {
			return err
		}
		w.note.Line = "Asked to change " + r.Name
		if err := w.unchanged(r); err != nil {
			return err
		}
		d, err := w.open(r)
		if err != nil {
			return err
		}
		if err := change(&d); err != nil {
			return err
		}
		return w.keep(d)
	})
}

// unchanged refuses a change of a resource that is not as the client knows it.
func (w *writing) unchanged(r model.SCIMResource) error {
	if tags := w.r.Header.Get("If-Match"); tags != "" && !matches(tags, version(r)) {
		return fail(http.StatusPreconditionFailed, typeVersion, "It has changed since: it is at %s now.", version(r))
	}
	return nil
}

// replace is PUT. It never erases what it does not mention: clients send what they
// map, and no more.
func (c *call) replace(t *resourceType) (*answer, error) {
	c.note.Line = "Asked to change a " + strings.ToLower(string(t.kind))
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	after, err := c.edit(t, func(d *draft) error { return d.fill(verbReplace, body) })
	if err != nil {
		return nil, err
	}
	return c.whole(t, after, http.StatusOK)
}

func (c *call) patch(t *resourceType) (*answer, error) {
	c.note.Line = "Asked to change a " + strings.ToLower(string(t.kind))
	body, err := c.body()
	if err != nil {
		return nil, err
	}
	ops, err := readPatch(body)
	if err != nil {
		return nil, err
	}
	after, err := c.edit(t, func(d *draft) error { return d.apply(ops) })
	if err != nil {
		return nil, err
	}
	if t == groupType && c.query.Get("attributes") == "" { // the list of members may be long, and nobody reads it
		return &answer{status: http.StatusNoContent, version: version(after)}, nil
	}
	return c.whole(t, after, http.StatusOK)
}

// whole answers with a resource and what refers to it.
func (c *call) whole(t *resourceType, r model.SCIMResource, status int) (*answer, error) {
	v := c.view()
	if v.wants(t, t.refsKey()) {
		var err error
		if r, err = c.Store.SCIMResource(c.ctx, c.source.ID, t.kind, r.ID, true); err != nil {
			return nil, err
		}
	}
	return c.show(t, r, status)
}

func (c *call) delete(t *resourceType) (*answer, error) {
	c.note.Line = "Asked to delete a " + strings.ToLower(string(t.kind))
	_, err := c.change(t, func(w *writing) error {
		r, err := w.resource(w.tx, t, false)
		if err != nil {
			return err
		}
		w.note.Line = "Asked to delete " + r.Name
		if err := w.unchanged(r); err != nil {
			return err
		}
		r.DeletedAt, r.ModifiedAt = w.Now(), w.Now()
		if r.Folded, err = w.of.folded(r); err != nil {
			return err
		}
		w.written, w.whole = true, true
		if w.after, err = w.tx.PutSCIMResource(w.ctx, w.source.ID, r); err != nil || t != groupType {
			return err // a person comes back with the groups, a group without members
		}
		_, _, err = w.tx.ChangeSCIMMembers(w.ctx, w.source.ID, r.ID, model.SCIMMembers{Replace: true})
		return err
	})
	if err != nil {
		return nil, err
	}
	return &answer{status: http.StatusNoContent}, nil
}

func (t *resourceType) folded(r model.SCIMResource) ([]byte, error) {
	doc := object{}
	if err := json.Unmarshal(r.Document, &doc); err != nil {
		return nil, err
	}
	return json.Marshal(t.fold(doc))
}

// keep writes a draft, if it says something new, and its members.
func (w *writing) keep(d draft) error {
	r := d.was
	w.was = d.was
	r.Kind, r.Name, r.ExternalID = w.of.kind, textOf(d.doc[w.of.nameKey]), textOf(d.doc["externalId"])
	if len(r.Name) > maxName || len(r.ExternalID) > maxName {
		return bad(typeValue, "%s and externalId are %d bytes long at most.", w.of.nameKey, maxName)
	}
	before := object{}
	if d.was.ID != "" {
		if err := json.Unmarshal(d.was.Document, &before); err != nil {
			return err
		}
	}
	named := changedKeys(before, d.doc)
	if d.was.ID == "" || !d.was.DeletedAt.IsZero() || len(named) > 0 {
		if err := w.put(&r, d.doc); err != nil {
			return err
		}
		w.describe(d.was, named)
	}
	w.after = r
	w.note.ResourceID, w.note.Name = r.ID, r.Name
	return w.keepMembers(d)
}

func (w *writing) put(r *model.SCIMResource, doc object) error {
	if err := w.free(*r); err != nil {
		return err
	}
	var err error
	if r.Document, err = json.Marshal(doc); err != nil {
		return err
	}
	if r.Folded, err = json.Marshal(w.of.fold(doc)); err != nil {
		return err
	}
	w.written = true
	w.whole = r.ID == "" || !r.DeletedAt.IsZero() || r.Name != w.was.Name
	r.ModifiedAt, r.DeletedAt = w.Now(), time.Time{}
	*r, err = w.tx.PutSCIMResource(w.ctx, w.source.ID, *r)
	return err
}

// free refuses a name or an externalId that another resource of the source has.
func (w *writing) free(r model.SCIMResource) error {
	other, err := w.tx.SCIMByName(w.ctx, w.source.ID, w.of.kind, r.Name)
	if err == nil && other.ID != r.ID && other.DeletedAt.IsZero() {
		return w.taken(r.Name)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	other, err = w.tx.SCIMByExternalID(w.ctx, w.source.ID, w.of.kind, r.ExternalID)
	if err == nil && other.ID != r.ID {
		return fail(http.StatusConflict, typeUniqueness, "Another %s has the externalId %.200q.", strings.ToLower(string(w.of.kind)), r.ExternalID)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return nil
}

// changedKeys are the attributes that differ.
func changedKeys(before, after object) []string {
	keys := map[string]bool{}
	for key := range before {
		keys[key] = !reflect.DeepEqual(before[key], after[key])
	}
	for key := range after {
		keys[key] = !reflect.DeepEqual(before[key], after[key])
	}
	maps.DeleteFunc(keys, func(_ string, differs bool) bool { return !differs })
	return slices.Sorted(maps.Keys(keys))
}

func (w *writing) describe(was model.SCIMResource, named []string) {
	if was.ID == "" {
		return
	}
	for i, key := range named {
		named[i] = cmp.Or(map[string]string{urnEnterprise: "enterprise attributes"}[key], key)
	}
	if len(named) > 0 {
		w.note.Line += ": " + strings.Join(named, ", ")
	}
}

func (w *writing) keepMembers(d draft) error {
	m := d.members()
	if w.of != groupType || m.Empty() {
		return nil
	}
	done, unknown, err := w.tx.ChangeSCIMMembers(w.ctx, w.source.ID, w.after.ID, m)
	if err != nil {
		return err
	}
	w.members = done
	w.written = w.written || !done.Empty()
	w.describeMembers(done, unknown)
	return nil
}
