package sso

import (
	"slices"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// QuietBeforeRemoval is for how long nobody may have signed in with the old
// certificate before its removal is offered.
const QuietBeforeRemoval = 7 * 24 * time.Hour

// ChangeStage is where a change of AWS's certificate stands.
type ChangeStage string

// Stages of a change, in their order.
const (
	ChangeNone   ChangeStage = "none"   // one certificate is trusted, and nothing speaks of another
	ChangeTrust  ChangeStage = "trust"  // another one is there, and not trusted yet
	ChangeSwitch ChangeStage = "switch" // the new one is trusted, and AWS does not sign with it yet
	ChangeRetire ChangeStage = "retire" // AWS signs with the new one, and an old one is still trusted
)

// ChangeFacts are what is known of the certificates of a connection.
type ChangeFacts struct {
	Trusted  []Certificate
	Check    model.MetadataCheck // what AWS's metadata had when it was last fetched
	Offered  []Certificate       // of AWS's metadata, not trusted
	Proposed []Certificate       // brought by somebody, not trusted
	Uses     []model.CertificateUse
	Now      time.Time
}

// CertificateChange is where a change of AWS's certificate stands, and what that
// was judged by.
type CertificateChange struct {
	Stage ChangeStage
	// Active is the certificate that AWS signs with by the newest evidence: a
	// sign-in, or metadata that has just this one. nil: there is no evidence.
	Active *Certificate
	// New is the youngest trusted certificate; Old are the other trusted ones.
	New Certificate
	Old []Certificate
	// Waiting are the certificates that are known and not trusted, each once.
	Waiting []Certificate
	// ActiveSince is since when AWS signs with the active one, as far as was seen.
	ActiveSince time.Time
	// ByMetadata says that metadata and no sign-in showed the active one.
	ByMetadata bool
	// Refusing says that AWS signs with a certificate that is not trusted, by its
	// own metadata: people are being refused, or will be. Refused is what was seen
	// of that.
	Refusing bool
	Refused  model.CertificateUse

	facts ChangeFacts
}

// JudgeChange says where a change of AWS's certificate stands. It looks at
// evidence alone: nobody has to say that something is done.
func JudgeChange(f ChangeFacts) CertificateChange {
	c := CertificateChange{Stage: ChangeNone, facts: f}
	for _, w := range slices.Concat(f.Offered, f.Proposed) {
		if !hasFingerprint(c.Waiting, w.Fingerprint) && !hasFingerprint(f.Trusted, w.Fingerprint) {
			c.Waiting = append(c.Waiting, w)
		}
	}
	c.judgeActive()
	if len(f.Trusted) == 0 {
		return c
	}
	byAge := slices.Clone(f.Trusted)
	slices.Reverse(byAge) // of two of the same second the one that was added later is the new one
	slices.SortStableFunc(byAge, func(a, b Certificate) int { return b.NotBefore.Compare(a.NotBefore) })
	c.New, c.Old = byAge[0], byAge[1:]
	switch {
	case c.Refusing || len(c.Waiting) > 0:
		c.Stage = ChangeTrust
	case len(c.Old) == 0:
	case c.Active != nil && c.Active.Fingerprint == c.New.Fingerprint:
		c.Stage = ChangeRetire
	default:
		c.Stage = ChangeSwitch
	}
	return c
}

// judgeActive finds which certificate AWS signs with.
func (c *CertificateChange) judgeActive() {
	f := c.facts
	var last model.CertificateUse
	for _, u := range f.Uses {
		if u.LastAt.After(last.LastAt) && hasFingerprint(f.Trusted, u.Fingerprint) {
			last = u
		}
	}
	active, since := last.Fingerprint, last.FirstAt
	if len(f.Check.Shown) == 1 && f.Check.CheckedAt.After(last.LastAt) && f.Check.Shown[0] != active {
		active, since, c.ByMetadata = f.Check.Shown[0], f.Check.ShownSince, true
	}
	if active == "" {
		return
	}
	for _, known := range slices.Concat(f.Trusted, f.Offered, f.Proposed) {
		if known.Fingerprint == active {
			c.Active, c.ActiveSince = &known, since
			break
		}
	}
	c.Refusing = c.ByMetadata && !hasFingerprint(f.Trusted, active)
	if c.Refusing {
		c.Refused = c.Use(active)
	}
}

// Use is what was seen of a certificate; zero for nothing.
func (c CertificateChange) Use(fingerprint string) model.CertificateUse {
	for _, u := range c.facts.Uses {
		if u.Fingerprint == fingerprint {
			return u
		}
	}
	return model.CertificateUse{Fingerprint: fingerprint}
}

// RemovalFrom is when the removal of an old certificate is offered, if nobody
// signs in with it until then; zero while AWS does not sign with the new one.
func (c CertificateChange) RemovalFrom(fingerprint string) time.Time {
	if c.Active == nil || c.Active.Fingerprint != c.New.Fingerprint || fingerprint == c.New.Fingerprint {
		return time.Time{}
	}
	from := c.ActiveSince
	if last := c.Use(fingerprint).LastAt; last.After(from) {
		from = last
	}
	return from.Add(QuietBeforeRemoval)
}

// Removable tells whether the removal of an old certificate is offered now.
func (c CertificateChange) Removable(fingerprint string) bool {
	from := c.RemovalFrom(fingerprint)
	return !from.IsZero() && !c.facts.Now.Before(from)
}

// End is when the last of the trusted certificates ends; zero when none is trusted.
func (c CertificateChange) End() time.Time {
	var last time.Time
	for _, t := range c.facts.Trusted {
		if t.NotAfter.After(last) {
			last = t.NotAfter
		}
	}
	return last
}

// LooksAtMetadata tells whether AWS's metadata was fetched, so that it can show
// the change, and when it was last.
func (c CertificateChange) LooksAtMetadata() (at time.Time, ok bool) {
	return c.facts.Check.CheckedAt, !c.facts.Check.CheckedAt.IsZero()
}

func hasFingerprint(all []Certificate, fingerprint string) bool {
	return slices.ContainsFunc(all, func(c Certificate) bool { return c.Fingerprint == fingerprint })
}
