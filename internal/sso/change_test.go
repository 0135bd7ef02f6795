package sso_test

import (
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

// The stages tick by evidence alone: what was seen last counts, and nothing else.
func TestChangeTicksByEvidence(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	const day = 24 * time.Hour
	older := sso.Certificate{Fingerprint: "OLD", NotBefore: ago(1800 * day)}
	newer := sso.Certificate{Fingerprint: "NEW", NotBefore: ago(10 * day)}
	use := func(print string, first, last time.Duration) model.CertificateUse {
		return model.CertificateUse{Fingerprint: print, FirstAt: ago(first), LastAt: ago(last), SignIns: 1}
	}
	shown := func(at, since time.Duration, prints ...string) model.MetadataCheck {
		return model.MetadataCheck{CheckedAt: ago(at), Shown: prints, ShownSince: ago(since)}
	}
	old, both := []sso.Certificate{older}, []sso.Certificate{newer, older}
	first, second := sso.Certificate{Fingerprint: "OLD", NotBefore: now}, sso.Certificate{Fingerprint: "NEW", NotBefore: now}
	for name, tt := range map[string]struct {
		facts     sso.ChangeFacts
		stage     sso.ChangeStage
		active    string
		refusing  bool
		removable bool
	}{
		"one, nothing seen":       {sso.ChangeFacts{Trusted: old}, sso.ChangeNone, "", false, false},
		"one, seen in sign-ins":   {sso.ChangeFacts{Trusted: old, Uses: []model.CertificateUse{use("OLD", day, 1)}}, sso.ChangeNone, "OLD", false, false},
		"another is proposed":     {sso.ChangeFacts{Trusted: old, Proposed: both[:1]}, sso.ChangeTrust, "", false, false},
		"both, nothing seen":      {sso.ChangeFacts{Trusted: both}, sso.ChangeSwitch, "", false, false},
		"both, the old one seen":  {sso.ChangeFacts{Trusted: both, Uses: []model.CertificateUse{use("OLD", day, 1)}}, sso.ChangeSwitch, "OLD", false, false},
		"both in the metadata":    {sso.ChangeFacts{Trusted: both, Check: shown(0, day, "OLD", "NEW")}, sso.ChangeSwitch, "", false, false},
		"the new one in metadata": {sso.ChangeFacts{Trusted: both, Check: shown(0, time.Hour, "NEW")}, sso.ChangeRetire, "NEW", false, false},
		"the new one in a sign-in": {sso.ChangeFacts{Trusted: both, Uses: []model.CertificateUse{
			use("OLD", 90*day, time.Hour), use("NEW", time.Minute, time.Minute)}}, sso.ChangeRetire, "NEW", false, false},
		"a sign-in later than the metadata": {sso.ChangeFacts{Trusted: both, Check: shown(day, 2*day, "OLD"),
			Uses: []model.CertificateUse{use("NEW", time.Hour, time.Minute)}}, sso.ChangeRetire, "NEW", false, false},
		"gone back in AWS": {sso.ChangeFacts{Trusted: both, Uses: []model.CertificateUse{
			use("NEW", time.Hour, time.Minute), use("OLD", 90*day, 1)}}, sso.ChangeSwitch, "OLD", false, false},
		"both of one second": {sso.ChangeFacts{Trusted: []sso.Certificate{first, second}, Uses: []model.CertificateUse{
			use("OLD", 90*day, 1)}}, sso.ChangeSwitch, "OLD", false, false},
		"seven quiet days": {sso.ChangeFacts{Trusted: both, Uses: []model.CertificateUse{
			use("OLD", 90*day, 7*day), use("NEW", 8*day, 1)}}, sso.ChangeRetire, "NEW", false, true},
		"a second less": {sso.ChangeFacts{Trusted: both, Uses: []model.CertificateUse{
			use("OLD", 90*day, 7*day-time.Second), use("NEW", 8*day, 1)}}, sso.ChangeRetire, "NEW", false, false},
		"quiet, but AWS changed only now": {sso.ChangeFacts{Trusted: both, Uses: []model.CertificateUse{
			use("OLD", 90*day, 30*day), use("NEW", time.Hour, 1)}}, sso.ChangeRetire, "NEW", false, false},
		"AWS signs with one that is not trusted": {sso.ChangeFacts{Trusted: old, Check: shown(time.Minute, time.Hour, "NEW"),
			Offered: both[:1], Uses: []model.CertificateUse{use("OLD", 90*day, 2*time.Hour), {Fingerprint: "NEW", Refused: 3}}},
			sso.ChangeTrust, "NEW", true, false},
		"and went back since": {sso.ChangeFacts{Trusted: old, Check: shown(time.Hour, time.Hour, "NEW"),
			Offered: both[:1], Uses: []model.CertificateUse{use("OLD", 90*day, time.Minute)}}, sso.ChangeTrust, "OLD", false, false},
		"answers that nothing vouches for": {sso.ChangeFacts{Trusted: old, Uses: []model.CertificateUse{
			{Fingerprint: "EVIL", Refused: 900, RefusedLastAt: now}}}, sso.ChangeNone, "", false, false},
	} {
		tt.facts.Now = now
		c := sso.JudgeChange(tt.facts)
		active := ""
		if c.Active != nil {
			active = c.Active.Fingerprint
		}
		if c.Stage != tt.stage || active != tt.active || c.Refusing != tt.refusing || c.Removable("OLD") != tt.removable {
			t.Errorf("%s: stage %s, active %q, refusing %v, removable %v; want %s, %q, %v, %v", name, c.Stage, active, c.Refusing, c.Removable("OLD"),
				tt.stage, tt.active, tt.refusing, tt.removable)
		}
		if c.Refusing && c.Refused.Refused != 3 {
			t.Errorf("%s: refused %+v", name, c.Refused)
		}
	}
}
