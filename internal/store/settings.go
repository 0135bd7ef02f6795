package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// Settings are what the console sets for the whole installation.
type Settings struct {
	PublicURL      string        `json:"public_url,omitempty"`
	HelpContact    string        `json:"help_contact,omitempty"` // shown to people who are refused
	TraceRetention time.Duration `json:"trace_retention"`        // how long the XML of a login is kept; nanoseconds
	LoginRetention time.Duration `json:"login_retention"`        // how long the rest of it is kept; nanoseconds, zero: for good
	KeyFingerprint string        `json:"key_fingerprint,omitempty"`

	PublicURLChangedAt  time.Time `json:"public_url_changed_at,omitzero"`  // when it was changed last; zero: never
	PublicURLUnanswered string    `json:"public_url_unanswered,omitempty"` // why it did not answer then, where that was accepted

	ProductName string `json:"product_name,omitempty"` // empty: Postern
	LogoHash    string `json:"logo_hash,omitempty"`    // see SaveSettingsWithLogo; empty: Postern's own mark

	// Members of this group sign in to the console through AWS; 0: nobody does.
	ConsoleGroupID int64      `json:"console_group_id,omitempty"`
	ConsoleGroup   string     `json:"console_group,omitempty"` // its name when it was chosen, for the audit
	ConsoleRole    model.Role `json:"console_role,omitempty"`  // never owner
	RequirePasskey bool       `json:"require_passkey,omitempty"`

	// Plain text added to pages that people see; empty: nothing.
	RefusedText   string `json:"refused_text,omitempty"`
	SignedOutText string `json:"signed_out_text,omitempty"`
	MeText        string `json:"me_text,omitempty"`
}

// DefaultTraceRetention is how long the XML of logins is kept, and
// DefaultLoginRetention the rest of them: a year, and a month to look back on it.
const (
	DefaultTraceRetention = 30 * 24 * time.Hour
	DefaultLoginRetention = 400 * 24 * time.Hour
)

// Retention is how long logins are kept.
func (s Settings) Retention() Retention {
	return Retention{XML: s.TraceRetention, Logins: s.LoginRetention}
}

// MoveTo changes the public URL at a moment. unanswered says why nothing answered
// there, which whoever changes it has accepted; empty: it answered, or nobody asked.
func (s *Settings) MoveTo(address, unanswered string, now time.Time) {
	if address == s.PublicURL {
		return
	}
	s.PublicURL, s.PublicURLChangedAt, s.PublicURLUnanswered = address, now.UTC(), unanswered
}

const settingsKey = "settings"

// Settings returns the settings, with defaults for what was never set.
func (s *Store) Settings(ctx context.Context) (Settings, error) {
	return s.settings(ctx, "")
}

func (s *Store) settings(ctx context.Context, lock string) (Settings, error) {
	set := Settings{TraceRetention: DefaultTraceRetention, LoginRetention: DefaultLoginRetention}
	var data []byte
	err := translate(s.db.QueryRow(ctx, "select value from settings where key = $1 "+lock, settingsKey).Scan(&data))
	if errors.Is(err, ErrNotFound) {
		return set, nil
	}
	if err != nil {
		return set, err
	}
	return set, json.Unmarshal(data, &set)
}

// SaveSettings changes the settings under a lock. With another public URL, AWS
// has to send people elsewhere: no draft counts as tested any more.
func (s *Store) SaveSettings(ctx context.Context, actor model.Actor, change func(*Settings) error) error {
	return s.InTx(ctx, func(tx *Store) error {
		// The row must be there to be locked.
		if _, err := tx.db.Exec(ctx, "insert into settings (key, value) values ($1, '{}') on conflict do nothing", settingsKey); err != nil {
			return err
		}
		before, err := tx.settings(ctx, "for update")
		if err != nil {
			return err
		}
		after := before
		if err := change(&after); err != nil {
			return err
		}
		if after == before {
			return nil
		}
		data, err := toJSON(after)
		if err != nil {
			return err
		}
		_, err = tx.db.Exec(ctx, "update settings set value = @value, updated_at = now() where key = @key",
			named{"value": data, "key": settingsKey})
		if err != nil {
			return err
		}
		if after.PublicURL != before.PublicURL {
			if err := tx.untestDrafts(ctx); err != nil {
				return err
			}
		}
		return tx.record(ctx, actor, "settings.update", "settings", before, after, "")
	})
}

func (s *Store) untestDrafts(ctx context.Context) error {
	_, err := s.db.Exec(ctx, `
		with untested as (update revisions set tested_login = '', tested_at = null
			where state = 'draft' and tested_login <> '' returning connection_id)
		update connections set status = 'draft', updated_at = now()
		where status = 'ready' and id in (select connection_id from untested)`)
	return err
}
