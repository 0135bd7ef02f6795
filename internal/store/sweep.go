package store

import (
	"context"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// SweepResult counts what a sweep erased.
type SweepResult struct {
	Requests, Assertions, Tokens, Sessions, XML int64

	Typed int64
	Links int64
	Undo  int64 // of changes that are too old to be undone

	SetupLinks                 int64
	CrowdSessions, CrowdEvents int64
	SignIns                    int64 // of apps: requests, tokens and signing keys
}

// typedRetention is how long unsaved answers are kept.
const typedRetention = 90 * 24 * time.Hour

// endedLinkKept is for how long a link that has ended is still shown beside its
// login.
const endedLinkKept = 30 * 24 * time.Hour

// knownBrowserKept is for how long a browser counts as known.
const knownBrowserKept = 180 * 24 * time.Hour

// setupLinkRetention is how long expired setup links are listed.
const setupLinkRetention = 90 * 24 * time.Hour

// KeyOverlap is how long a signing key stays published after it was retired:
// longer than anything that it signed is valid, and than apps keep keys.
const KeyOverlap = 24 * time.Hour

// Sweep erases what has expired, and the XML of logins older than
// traceRetention. Running it twice, or in several processes, does no harm.
func (s *Store) Sweep(ctx context.Context, now time.Time, traceRetention time.Duration) (SweepResult, error) {
	var r SweepResult
	for _, step := range []struct {
		count *int64
		sql   string
		arg   time.Time
	}{
		{&r.Requests, "delete from requests where expires_at <= $1", now},
		{&r.Requests, "delete from arrivals where expires_at <= $1", now},
		{&r.Assertions, "delete from seen_assertions where expires_at <= $1", now},
		{&r.Tokens, "delete from sign_in_failures where until <= $1", now},
		{&r.Tokens, "delete from known_browsers where seen_at <= $1", now.Add(-knownBrowserKept)},
		{&r.Sessions, "delete from admin_sessions where last_seen_at <= $1", now.Add(-endedLinkKept)},
		{&r.Tokens, "delete from claim_tokens where expires_at <= $1", now},
		{&r.Sessions, "delete from sessions where expiry <= $1", now},
		{&r.CrowdSessions, "delete from crowd_sessions where expires_at <= $1", now},
		{&r.Typed, `delete from typed_answers where updated_at <= $1
			or revision_id in (select id from revisions where state <> 'draft')`, now.Add(-typedRetention)},
		{&r.Undo, "delete from bulk_changes where at <= $1", now.Add(-model.UndoFor)},
		{&r.Links, "delete from trace_links where expires_at <= $1", now.Add(-endedLinkKept)},
		{&r.SetupLinks, "delete from setup_links where expires_at <= $1", now.Add(-setupLinkRetention)},
		{&r.XML, "update logins set xml_sealed = null where xml_sealed is not null and started_at <= $1", now.Add(-traceRetention)},
		{&r.SignIns, "delete from oidc_requests where expires_at <= $1", now},
		{&r.SignIns, "delete from oidc_tokens where expires_at <= $1", now},
		{&r.SignIns, "delete from oidc_keys where retired_at <= $1", now.Add(-KeyOverlap)},
	} {
		tag, err := s.db.Exec(ctx, step.sql, step.arg)
		if err != nil {
			return r, err
		}
		*step.count += tag.RowsAffected()
	}
	var err error
	r.CrowdEvents, err = s.pruneEvents(ctx, now)
	return r, err
}
