package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// Part is a kind of thing that belongs to another: an identity to its user.
type Part string

// Parts that an action may name and that may be gone by then.
const (
	PartIdentity    Part = "identity"
	PartMembership  Part = "membership"
	PartPasskey     Part = "passkey"
	PartSession     Part = "session"
	PartAppSecret   Part = "app_secret"
	PartPassword    Part = "password"
	PartSetupLink   Part = "setup_link"
	PartTraceLink   Part = "trace_link"
	PartDraft       Part = "draft"
	PartRevision    Part = "revision"
	PartCertificate Part = "certificate"
	PartBulk        Part = "bulk"
	PartSCIMToken   Part = "scim_token"
)

// Gone is ErrNotFound for a part, with what the audit has about it.
type Gone struct {
	Part    Part
	Object  string   // as the audit names it; empty: whichever
	Actions []string // those that take such a part away; none: it leaves no entry
	Brought []string // those that bring it back: after one of them, nobody knows how it went
	Key     string   // a field of the entry that names the very part; empty: the newest entry is about it
	Value   string
	By      string    // who took it away, where the part itself says so and the audit need not be asked
	At      time.Time // when
}

func (g *Gone) Error() string { return fmt.Sprintf("the %s is not found", g.Part) }

// Unwrap makes it ErrNotFound.
func (g *Gone) Unwrap() error { return ErrNotFound }

// GoneCertificate says that a connection does not trust a certificate any more.
func GoneCertificate(slug, fingerprint string) error {
	return &Gone{Part: PartCertificate, Object: slug, Actions: []string{"connection.trust"}, Key: "note", Value: "removed " + fingerprint}
}

// WhoTook is the audit's entry of how a part went; ErrNotFound when there is none:
// it was never there.
func (s *Store) WhoTook(ctx context.Context, g *Gone) (model.AuditEntry, error) {
	if g.By != "" {
		return model.AuditEntry{Actor: g.By, At: g.At}, nil
	}
	e, err := single(ctx, s.db, scanAuditEntry, "select "+auditColumns+` from audit where action = any(@actions) and (@object = '' or object = @object)
		and (@key = '' or coalesce(before->>@key, after->>@key, '') = @value or (@key = 'note' and note = @value)) order by id desc limit 1`,
		named{"actions": slices.Concat(orNone(g.Actions), g.Brought), "object": g.Object, "key": g.Key, "value": g.Value})
	if err == nil && slices.Contains(g.Brought, e.Action) {
		err = ErrNotFound
	}
	return e, err
}
