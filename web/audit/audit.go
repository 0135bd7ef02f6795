package audit

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/audit"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/parts"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/web/kit"
)

func (rm *Room) listAudit(w http.ResponseWriter, r *http.Request, a model.Administrator) error {
	query, problems := rm.auditFilter(r)
	q := r.URL.Query()
	v := audit.AuditList{
		Page:   rm.Page(r, a, layout.NavAudit, "Audit", "Who changed what, and when. Entries cannot be changed or removed here."),
		Search: query.Search, Object: query.Object, Called: query.Object, Actor: query.Actor, Kind: query.Action, When: q.Get("when"),
		From: strings.TrimSpace(q.Get("from")), To: strings.TrimSpace(q.Get("to")), Problems: problems, Act: query.Act,
	}
	q.Del("after")
	v.CSV, v.JSONLines = kit.WithQuery(paths.AuditExport+".csv", q), kit.WithQuery(paths.AuditExport+".jsonl", q)
	query.Page, query.Now = kit.PageOf(r), rm.Now()
	var entries []model.AuditEntry
	var next string
	var err error
	if v.TooShort = query.TooShort(); !v.TooShort {
		entries, next, err = rm.Store.Audit(r.Context(), query)
	}
	if err != nil {
		return err
	}
	ids := make([]int64, 0, len(entries))
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	bulk, err := rm.Store.BulkChangesOf(r.Context(), ids)
	if err != nil {
		return err
	}
	var more map[int64]store.ActParts
	if query.Acts {
		if more, err = rm.Store.AuditParts(r.Context(), ids, partsShown); err != nil {
			return err
		}
	}
	called, err := rm.Store.Called(r.Context())
	if err != nil {
		return err
	}
	v.CalledActor = called.Actor(query.Actor)
	for _, e := range entries {
		row := auditRow(called, e)
		if e.Object == query.Object {
			v.Called = row.Object
		}
		if query.Act != 0 {
			row.Entry.Act = 0 // the whole act is shown
		}
		row.More = more[e.ID].Count
		for _, part := range more[e.ID].Entries {
			row.Parts = append(row.Parts, auditRow(called, part))
		}
		if b, ok := bulk[e.ID]; ok {
			row.Bulk, row.CanUndo = &b, b.CanUndo(rm.Now())
		}
		v.Entries = append(v.Entries, row)
	}
	v.Paging = kit.Paging(r, paths.Audit, next)
	status := http.StatusOK
	if len(problems) > 0 {
		v.Page.Error, status = true, http.StatusUnprocessableEntity
	}
	return rm.Render(w, r, status, audit.Audit(v))
}

// partsShown is how many entries of an act the list shows besides the first.
const partsShown = 20

func auditRow(called model.Called, e model.AuditEntry) parts.AuditRow {
	return parts.AuditRow{Entry: e, Object: called.Object(e), Actor: called.Actor(e.Actor), Action: kit.ActionWords(e.Action), Fields: diff(e.Before, e.After)}
}

// auditFilter reads the filters from the address. A day that cannot be read is no
// filter, and said. Acts are told as one where whole acts are listed: what is
// searched for may be any part of one.
func (rm *Room) auditFilter(r *http.Request) (store.AuditQuery, []model.Problem) {
	q := r.URL.Query()
	query := store.AuditQuery{Search: strings.TrimSpace(q.Get("q")), Object: q.Get("object"), Actor: strings.TrimSpace(q.Get("actor"))}
	if kind := q.Get("kind"); audit.IsAuditKind(kind) {
		query.Action = kind
	}
	query.Act, _ = strconv.ParseInt(q.Get("act"), 10, 64) // else any
	query.Acts = query.Search == "" && query.Object == "" && query.Action == "" && query.Act == 0
	var problems []model.Problem
	if from, to := strings.TrimSpace(q.Get("from")), strings.TrimSpace(q.Get("to")); from != "" || to != "" {
		query.Since, query.Until, problems = kit.DaysFromTo(from, to)
	} else if days := kit.DaysBack[q.Get("when")]; days > 0 {
		query.Since = kit.DaysAgo(rm.Now(), days)
	}
	return query, problems
}

// diff compares two JSON objects field by field and lists what differs, by the
// field's path. Either may be absent: something was created or deleted.
func diff(before, after json.RawMessage) []parts.FieldChange {
	was, is := flatten(before), flatten(after)
	names := map[string]bool{}
	for name := range was {
		names[name] = true
	}
	for name := range is {
		names[name] = true
	}
	var changes []parts.FieldChange
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if was[name] != is[name] {
			changes = append(changes, parts.FieldChange{Name: name, Before: was[name], After: is[name]})
		}
	}
	return changes
}

// flatten turns nested JSON into "a.b" → text. Empty values are left out, so
// that a created user does not list every empty field.
func flatten(data json.RawMessage) map[string]string {
	fields := map[string]string{}
	if len(data) == 0 {
		return fields
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		fields["value"] = string(data)
		return fields
	}
	flattenInto(fields, "", value)
	return fields
}

func flattenInto(fields map[string]string, path string, value any) {
	switch v := value.(type) {
	case nil:
	case map[string]any:
		for name, inner := range v {
			if path != "" {
				name = path + "." + name
			}
			flattenInto(fields, name, inner)
		}
	case string:
		if v != "" {
			fields[named(path)] = v
		}
	default: // numbers, booleans, lists
		text, err := json.Marshal(v)
		if err == nil && string(text) != "[]" {
			fields[named(path)] = string(text)
		}
	}
}

// named is the path of a field; a value that is no object has none.
func named(path string) string {
	if path == "" {
		return "value"
	}
	return path
}
