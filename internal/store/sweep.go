package store

import (
	"context"
	"strconv"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// SweepResult counts what a sweep erased.
type SweepResult struct {
	Requests, Assertions, Tokens, Sessions, XML, Logins int64

	Autosaves int64
	Links     int64
	Consents  int64 // to link anew
	Undo      int64 // of changes that are too old to be undone
	Jobs      int64 // that have been over for a while
	Runs      int64 // of sources, the same
	Pushed    int64 // by identity providers: requests, and what they deleted long ago

	SetupLinks                 int64
	CrowdSessions, CrowdEvents int64
	SignIns                    int64 // of apps: requests, tokens and signing keys
}

// autosaveRetention is how long unsaved answers are kept.
const autosaveRetention = 90 * 24 * time.Hour

// endedLinkKept is for how long a link that has ended is still shown beside its
// login.
const endedLinkKept = 30 * 24 * time.Hour

// endedConsentKept is for how long a trace can say that the time for linking anew
// was over.
const endedConsentKept = 30 * 24 * time.Hour

// knownBrowserKept is for how long a browser counts as known.
const knownBrowserKept = 180 * 24 * time.Hour

// setupLinkRetention is how long expired setup links are listed.
const setupLinkRetention = 90 * 24 * time.Hour

// KeyOverlap is how long a signing key stays published after it was retired:
// longer than anything that it signed is valid, and than apps keep keys.
const KeyOverlap = 24 * time.Hour

// Retention is how long logins are kept.
type Retention struct {
	XML    time.Duration // the message
	Logins time.Duration // everything else; zero: for good
}

// refusedXML is of how many refused logins, the newest, the message is kept:
// anybody can send messages that are refused.
const refusedXML = 10_000

// sweepAtOnce is how many rows one statement erases. Many small ones leave room
// for logins in between, and each is done when a later one fails.
const sweepAtOnce = 10_000

// Sweep erases what has expired. Running it twice, or in several processes, does
// no harm.
func (s *Store) Sweep(ctx context.Context, now time.Time, keep Retention) (SweepResult, error) {
	var r SweepResult
	oldestLogin := time.Time{}
	if keep.Logins > 0 {
		oldestLogin = now.Add(-keep.Logins)
	}
	for _, step := range []struct {
		count        *int64
		table, which string
		arg          time.Time
	}{
		{&r.Requests, "requests", "expires_at <= $1", now},
		{&r.Requests, "arrivals", "expires_at <= $1", now},
		{&r.Assertions, "seen_assertions", "expires_at <= $1", now},
		{&r.Tokens, "sign_in_failures", "until <= $1", now},
		{&r.Tokens, "known_browsers", "seen_at <= $1", now.Add(-knownBrowserKept)},
		{&r.Sessions, "admin_sessions", "last_seen_at <= $1", now.Add(-endedLinkKept)},
		{&r.Tokens, "claim_tokens", "expires_at <= $1", now},
		{&r.Sessions, "sessions", "expiry <= $1", now},
		{&r.CrowdSessions, "crowd_sessions", "expires_at <= $1", now},
		{&r.Autosaves, "typed_answers", "updated_at <= $1 or revision_id in (select id from revisions where state <> 'draft')", now.Add(-autosaveRetention)},
		{&r.Undo, "bulk_changes", "at <= $1", now.Add(-model.UndoFor)},
		{&r.Jobs, "jobs", "finished_at <= $1", now.Add(-model.UndoFor)},
		{&r.Runs, "source_runs", `ended_at <= $1 and outcome not in ('dry_run', 'held')
			and exists (select from source_runs later where later.source_id = source_runs.source_id and later.id > source_runs.id)`, now.Add(-model.RunsKept)},
		{&r.Pushed, "scim_requests", "at <= $1 or id <= (select max(id) from scim_requests) - " + strconv.Itoa(scimRequestsMost), now.Add(-SCIMRequestsKept)},
		{&r.Tokens, "scim_tokens", "expires_at <= $1", now.Add(-endedLinkKept)},
		{&r.Pushed, "source_users", `absent_at <= $1 and state = 'absent' and exists (select from scim_resources r
			where r.source_id = source_users.source_id and r.id::text = source_users.stable_id and r.deleted_at <= $1)`, now.Add(-SCIMLinkKept)},
		{&r.Pushed, "scim_resources", "deleted_at <= $1", now.Add(-SCIMLinkKept)},
		{&r.Links, "trace_links", "expires_at <= $1", now.Add(-endedLinkKept)},
		{&r.Logins, "certificate_days", "day < ($1 at time zone 'UTC')::date", now.Add(-certificateUseFor)},
		{&r.SetupLinks, "certificate_proposals", "decided_at <= $1", now.Add(-setupLinkRetention)},
		{&r.Consents, "link_consents", "ends_at <= $1", now.Add(-endedConsentKept)},
		{&r.SetupLinks, "setup_links", "expires_at <= $1", now.Add(-setupLinkRetention)},
		{&r.Logins, "logins", "started_at <= $1", oldestLogin},
		{&r.Logins, "login_days", "day < ($1 at time zone 'UTC')::date", oldestLogin},
		{&r.Logins, "aws_group_names", "name = '' and last_seen_at <= $1", now.Add(-awsGroupKept)},
		{&r.SignIns, "oidc_requests", "expires_at <= $1", now},
		{&r.SignIns, "oidc_tokens", "expires_at <= $1", now},
		{&r.SignIns, "oidc_keys", "retired_at <= $1", now.Add(-KeyOverlap)},
	} {
		err := s.inBatches(ctx, step.count, "delete from "+step.table+" where ctid = any(array(select ctid from "+step.table+" where "+step.which+
			" limit $2))", step.arg)
		if err != nil {
			return r, err
		}
	}
	if err := s.sweepXML(ctx, &r.XML, now.Add(-keep.XML)); err != nil {
		return r, err
	}
	var err error
	r.CrowdEvents, err = s.pruneEvents(ctx, now)
	return r, err
}

// sweepXML erases the messages of logins before a time, and of refused ones but
// the newest.
func (s *Store) sweepXML(ctx context.Context, count *int64, before time.Time) error {
	var refusedBefore *time.Time
	err := s.db.QueryRow(ctx, "select (select started_at from logins where outcome = 'refused' order by started_at desc offset $1 limit 1)",
		refusedXML).Scan(&refusedBefore)
	if err != nil {
		return err
	}
	const erase = "update logins set xml_sealed = null where ctid = any(array(select ctid from logins where xml_sealed is not null and "
	if err := s.inBatches(ctx, count, erase+"started_at <= $1 limit $2))", before); err != nil || refusedBefore == nil {
		return err
	}
	return s.inBatches(ctx, count, erase+"outcome = 'refused' and started_at <= $1 limit $2))", *refusedBefore)
}

// inBatches runs a statement until it finds nothing more, and counts the rows.
func (s *Store) inBatches(ctx context.Context, count *int64, sql string, arg time.Time) error {
	for {
		tag, err := s.db.Exec(ctx, sql, arg, sweepAtOnce)
		if err != nil {
			return err
		}
		if *count += tag.RowsAffected(); tag.RowsAffected() < sweepAtOnce {
			return nil
		}
	}
}
