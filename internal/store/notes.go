package store

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/postern-sso/postern/internal/model"
)

// notesKey is the key of what was written, in a context.
type notesKey struct{}

// notes are the entries of the audit that were written on behalf of a context.
type notes struct {
	mu      sync.Mutex
	entries []model.AuditEntry
}

// Noting is a context that remembers what the store changes on its behalf. It is
// for one request.
func Noting(ctx context.Context) context.Context {
	return context.WithValue(ctx, notesKey{}, &notes{})
}

// Noted are the entries of the audit that were written, and committed, on behalf of
// a context from Noting, in order: what really changed, before and after. Without
// any, nothing changed that is audited, as every change by an administrator is.
func Noted(ctx context.Context) []model.AuditEntry {
	n, ok := ctx.Value(notesKey{}).(*notes)
	if !ok {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]model.AuditEntry(nil), n.entries...)
}

// note remembers an entry: with its transaction, as long as that may still be
// rolled back, else with the context.
func (s *Store) note(ctx context.Context, args ...named) {
	entries := make([]model.AuditEntry, 0, len(args))
	for _, a := range args {
		text := func(key string) string { v, _ := a[key].(string); return v }
		entries = append(entries, model.AuditEntry{Actor: text("actor"), Action: text("action"), Object: text("object"), Note: text("note"),
			Before: rawJSON(a["before"]), After: rawJSON(a["after"])})
	}
	s.keepNotes(ctx, entries)
}

func (s *Store) keepNotes(ctx context.Context, entries []model.AuditEntry) {
	if s.act != nil {
		s.act.written = append(s.act.written, entries...)
		return
	}
	if n, ok := ctx.Value(notesKey{}).(*notes); ok {
		n.mu.Lock()
		n.entries = append(n.entries, entries...)
		n.mu.Unlock()
	}
}

func rawJSON(v any) json.RawMessage {
	if text, ok := v.(*string); ok && text != nil {
		return json.RawMessage(*text)
	}
	return nil
}
