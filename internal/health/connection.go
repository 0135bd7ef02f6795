package health

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

const day = 24 * time.Hour

// Before the end of AWS's certificate: when somebody is told, and when it is
// urgent.
const (
	certificateSoon   = 60 * day
	certificateUrgent = 14 * day
)

// FetchesFailed is how often in a row AWS's metadata may not be fetched before
// somebody should look.
const FetchesFailed = 3

// Metadata reads what a revision trusts, and what AWS's metadata offered later. A
// program that has read it already hands in its own.
type Metadata struct {
	Live    func(*model.Revision) (*sso.IdentityProvider, error) // nil: read it anew
	Options sso.MetadataOptions
}

func (m Metadata) trusted(rev *model.Revision) (*sso.IdentityProvider, error) {
	if m.Live != nil {
		return m.Live(rev)
	}
	return sso.ParseMetadata([]byte(rev.Config.IdPMetadata), m.Options)
}

// OfConnection judges a connection by what happened on it.
func OfConnection(c model.Connection, e model.SignInEvidence, m Metadata, now time.Time) Health {
	if c.Live == nil {
		return notLive(c)
	}
	h := Health{State: None, Word: "No sign-in yet"}
	if !e.LastSuccess.IsZero() {
		h.State, h.Word, h.At = Good, "Last sign-in", e.LastSuccess
	}
	if c.Status == model.StatusSuspended {
		h.add(Reason{ID: "suspended", State: Warn, Title: c.Name() + " is suspended", Evidence: "Nobody can sign in through it.",
			Cure: "Resume it when people shall sign in again.", Place: AtConnection, Since: e.SuspendedAt, When: "It was suspended"})
		h.Word, h.At = "Suspended", time.Time{}
		return h
	}
	idp, err := m.trusted(c.Live)
	if err != nil {
		h.add(Reason{ID: "metadata_unusable", State: Bad, Title: "AWS's metadata for " + c.Name() + " cannot be used", Evidence: err.Error(),
			Cure: "Bring AWS's metadata again.", Place: AtSetup, Since: c.Live.LiveAt, When: "This revision went live"})
		h.Word, h.At = "Nobody can sign in", time.Time{}
		return h
	}
	offered := h.certificates(c, e, idp, m, now)
	h.vendor(c, idp)
	h.refused(c, e, offered, fingerprints(idp.Certificates))
	h.people(c, e)
	h.unanswered(c, e)
	h.draft(c)
	h.word(e)
	return h
}

// word is what stands beside the dot.
func (h *Health) word(e model.SignInEvidence) {
	switch {
	case h.State == Bad && h.Reasons[0].ID == "refused_people":
		h.Word, h.At = "People are refused", time.Time{}
	case h.State == Bad:
		h.Word, h.At = "Nobody can sign in", time.Time{}
	case h.State == Warn && len(h.Reasons) > 0 && h.Reasons[0].ID == "refused_last":
		h.Word, h.At = "Last sign-in refused", h.Reasons[0].Since
	case h.State == Warn && len(h.Reasons) > 0 && h.Reasons[0].ID == "one_user":
		h.Word, h.At = "Several people came as one user", time.Time{}
	case h.State == Warn && e.LastSuccess.IsZero():
		h.Word, h.At = "Nobody has signed in yet", time.Time{}
	}
}

func notLive(c model.Connection) Health {
	h := Health{State: None, Word: "Not live yet"}
	r := Reason{ID: "not_finished", State: None, Title: "The setup of " + c.Name() + " is not finished",
		Cure: "Go on with the setup.", Place: AtSetup, Waits: true}
	if c.Status == model.StatusReady {
		r = Reason{ID: "ready", State: None, Title: c.Name() + " is ready to go live",
			Evidence: "A test sign-in has passed.", Cure: "Take it live.", Place: AtSetup, Waits: true}
	}
	h.add(r)
	return h
}

// draft says that there is an unfinished change.
func (h *Health) draft(c model.Connection) {
	if c.Draft != nil {
		h.add(Reason{ID: "draft", State: None, Title: c.Name() + " has a draft that is not live", Evidence: fmt.Sprintf(
			"Sign-ins use revision %d until the draft goes live.", c.Live.Number), Place: AtSetup, Waits: true})
	}
}

// vendor says that the metadata is not AWS's: sign-in goes past AWS.
func (h *Health) vendor(c model.Connection, idp *sso.IdentityProvider) {
	for _, f := range idp.Findings {
		if f.Code == "other_idp" {
			h.add(Reason{ID: "other_vendor", State: None, Title: "The metadata of " + c.Name() + " is not AWS's", Evidence: f.Text, Place: AtSetup, Waits: true})
		}
	}
}

// certificates judges what AWS signs with. It returns the fingerprints that AWS's
// own metadata vouches for, where refusals that carry them are told of already.
func (h *Health) certificates(c model.Connection, e model.SignInEvidence, idp *sso.IdentityProvider, m Metadata, now time.Time) []string {
	fresh, gone := offer(e.Check, idp, m)
	offered := fingerprints(fresh)
	unknown := refusalOf(e, model.CodeCertificateUnknown)
	switch {
	case len(fresh) > 0 && carriesOneOf(unknown, offered) && (unknown.Since >= stoppedAfter || unknown.Since > 0 && len(gone) > 0):
		h.add(Reason{ID: "certificate_changed", State: Bad,
			Title:    "Nobody can sign in through " + c.Name() + ": AWS signs with a certificate that is not trusted here",
			Evidence: refusedSince(unknown) + " AWS's own metadata has the certificate that the refused answers carry.",
			Cure:     "Compare the two fingerprints and trust the new certificate.",
			Since:    unknown.FirstAt, When: "The first was", Place: AtCertificates, Login: unknown.LastLogin})
	case len(fresh) > 0:
		h.add(Reason{ID: "certificate_offered", State: None,
			Title:    "AWS's metadata for " + c.Name() + " has a certificate that is not trusted here",
			Evidence: "AWS may begin to sign with it at any time; whoever signs in then is refused.", Cure: "Compare its fingerprint and trust it.",
			Since: e.Check.CheckedAt, When: "The metadata was read", Place: AtCertificates, Waits: true})
	case len(gone) > 0:
		h.add(Reason{ID: "certificate_gone", State: None,
			Title:    "A certificate that " + c.Name() + " trusts is no longer in AWS's metadata",
			Evidence: "AWS does not publish it any more.", Cure: "Remove it when sign-ins no longer come with it.", Since: e.Check.CheckedAt,
			Place: AtCertificates})
	case e.Check.Failures >= FetchesFailed:
		h.add(Reason{ID: "metadata_not_fetched", State: Warn, Title: "AWS's metadata for " + c.Name() + " cannot be fetched",
			Evidence: fmt.Sprintf("It failed %s times in a row. %s", model.Number(e.Check.Failures), e.Check.Problem),
			Cure:     "A change of AWS's certificate would not be seen in time.", Place: AtCertificates})
	}
	h.expiry(c, idp, now)
	if !h.Has("certificate_changed") {
		return nil
	}
	return offered
}

func fingerprints(all []sso.Certificate) []string {
	var prints []string
	for _, c := range all {
		prints = append(prints, c.Fingerprint)
	}
	return prints
}

// expiry looks at the certificate that lasts longest: while a later one is
// trusted already, AWS may change over at any time.
func (h *Health) expiry(c model.Connection, idp *sso.IdentityProvider, now time.Time) {
	last := lastEnd(idp)
	left := last.Sub(now)
	r := Reason{ID: "certificate_ends", State: None, Place: AtCertificates, Waits: true,
		Title: fmt.Sprintf("AWS's certificate for %s ends in %s", c.Name(), model.Count(int(left/day), "day", "days")),
		Cure:  "Make a new one in AWS, trust it here, and set it as active in AWS then."}
	switch {
	case left > certificateSoon:
		return
	case left <= 0:
		r.ID, r.State, r.Title, r.Waits = "certificate_ended", Warn, "AWS's certificate for "+c.Name()+" has ended", false
		r.Evidence = "It ended on " + model.Day(last) + ". Sign-in goes on as long as AWS signs with it."
		r.Since = last
	case left <= certificateUrgent:
		r.State = Warn
		r.Evidence = "It ends on " + model.Day(last) + "."
	default:
		r.Evidence = "It ends on " + model.Day(last) + "."
	}
	h.add(r)
}

// CertificatesEnd is when the last certificate ends that a live connection trusts;
// false: it is not live, or its metadata cannot be used.
func CertificatesEnd(c model.Connection, m Metadata) (time.Time, bool) {
	if c.Live == nil {
		return time.Time{}, false
	}
	idp, err := m.trusted(c.Live)
	if err != nil {
		return time.Time{}, false
	}
	end := lastEnd(idp)
	return end, !end.IsZero()
}

func lastEnd(idp *sso.IdentityProvider) (last time.Time) {
	for _, cert := range idp.Certificates {
		if cert.NotAfter.After(last) {
			last = cert.NotAfter
		}
	}
	return last
}

// offer is what AWS's metadata said when it was fetched last, beside what is
// trusted: the certificates that are new there, and those that are gone.
func offer(check model.MetadataCheck, trusted *sso.IdentityProvider, m Metadata) (fresh, gone []sso.Certificate) {
	if check.Offered == "" {
		return nil, nil
	}
	offered, err := sso.ParseMetadata([]byte(check.Offered), m.Options)
	if err != nil || offered.EntityID != trusted.EntityID {
		return nil, nil // it was good when it was kept; the next fetch replaces it
	}
	return sso.CompareCertificates(trusted, offered)
}

// carriesOneOf tells whether refused answers carry a certificate of those.
func carriesOneOf(r model.RefusalEvidence, fingerprints []string) bool {
	return slices.ContainsFunc(r.Received, func(received string) bool {
		return slices.ContainsFunc(fingerprints, func(f string) bool { return strings.Contains(received, f) })
	})
}

// Carries tells whether answers that were refused since the last success carry a
// certificate.
func Carries(e model.SignInEvidence, fingerprint string) bool {
	return carriesOneOf(refusalOf(e, model.CodeCertificateUnknown), []string{fingerprint})
}
