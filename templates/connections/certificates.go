package connections

import (
	"fmt"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/templates/layout"
	"github.com/postern-sso/postern/templates/setuplink"
	"github.com/postern-sso/postern/templates/ui"
)

// CertificatesPage is where the change of AWS's certificate stands, and what a
// connection trusts.
type CertificatesPage struct {
	Page        layout.Page
	Now         time.Time
	Slug        string
	MetadataURL string // empty: the metadata came from a file
	ConsoleURL  string // of AWS's console, or of the simulated AWS
	Check       model.MetadataCheck
	Change      sso.CertificateChange
	Trusted     []TrustedCertificate
	Proposals   []model.CertificateProposal // brought through setup links, to be decided
	Removed     *RemovedCertificate         // what the last change took off the list; nil: nothing
	Brought     *BroughtCertificates        // to be confirmed; nil: nothing
	Links       *setuplink.Panel            // for the certificate alone
	Typed       string
	Problems    []model.Problem
}

// TrustedCertificate is one with who brought it.
type TrustedCertificate struct {
	sso.Certificate
	By string // empty: it cannot be told
	At time.Time
}

// RemovedCertificate is what somebody took off the list.
type RemovedCertificate struct {
	Certificates []sso.Certificate
	By           string
	At           time.Time
}

// BroughtCertificates is what somebody brought, and has not confirmed.
type BroughtCertificates struct {
	Fresh, Known []sso.Certificate
	Remarks      []string // what else was in it, and was left out
	Text         string   // the certificates alone, as PEM
}

// Intro is the sentence that decides the page.
func (v CertificatesPage) Intro() string {
	const stages = " Three stages; each ticks itself when Postern sees that it is done."
	switch c := v.Change; {
	case c.Refusing:
		return "AWS signs with a certificate that is not trusted here. Trust it below, once you have compared it."
	case c.Active != nil && c.Active.NotAfter.Before(v.Now):
		return "The one in use ended on " + model.Day(c.Active.NotAfter) + "; sign-in goes on as long as AWS signs with it." + stages
	case c.Active != nil:
		return "The one in use ends on " + model.Day(c.Active.NotAfter) + "." + stages + " In this order nobody is shut out."
	default:
		return "AWS signs every answer. Postern believes the certificates on this page and no others." + stages
	}
}

// shortPrint is the beginning and the end of a fingerprint.
func shortPrint(print string) string {
	if len(print) < 40 {
		return print
	}
	return print[:17] + " … " + print[len(print)-8:]
}

func printsOf(all []sso.Certificate) string {
	var prints []string
	for _, c := range all {
		prints = append(prints, c.Fingerprint)
	}
	return strings.Join(prints, " ")
}

// standing is what a trusted certificate is to the change: In use, New, Old, or
// just Trusted while nothing was seen.
func (v CertificatesPage) standing(c sso.Certificate) string {
	switch {
	case v.Change.Active != nil && v.Change.Active.Fingerprint == c.Fingerprint:
		return "In use"
	case len(v.Trusted) == 1:
		return "Trusted"
	case v.Change.New.Fingerprint == c.Fingerprint:
		return "New"
	default:
		return "Old"
	}
}

// consequence says what the removal of a certificate would do, by what was seen.
func (v CertificatesPage) consequence(c sso.Certificate) string {
	use := v.Change.Use(c.Fingerprint)
	seen := "No sign-in with it was seen."
	if !use.LastAt.IsZero() {
		seen = fmt.Sprintf("%s with it in the last 30 days, the last one on %s.", ui.Count(use.SignIns, "sign-in", "sign-ins"),
			model.Moment(use.LastAt))
	}
	switch {
	case v.Change.Active != nil && v.Change.Active.Fingerprint == c.Fingerprint:
		return "AWS signs with this one, so everybody who signs in would be refused from this moment on. " + seen
	case v.Change.Removable(c.Fingerprint):
		return "Whoever AWS would still sign in with it is refused from then on. " + seen + " AWS signs with the new one since " +
			model.Day(v.Change.ActiveSince) + "."
	default:
		return "Whoever AWS signs in with it is refused from this moment on, and it is not sure yet that AWS has stopped: " + seen
	}
}

// spans are the bars of the certificates' validity, on one line of time.
func (v CertificatesPage) spans() (bars []span, today int, from, to time.Time) {
	for _, c := range v.Trusted {
		if from.IsZero() || c.NotBefore.Before(from) {
			from = c.NotBefore
		}
		if c.NotAfter.After(to) {
			to = c.NotAfter
		}
	}
	at := func(t time.Time) int {
		if !to.After(from) {
			return 0
		}
		return max(0, min(300, int(300*t.Sub(from).Seconds()/to.Sub(from).Seconds())))
	}
	for i, c := range v.Trusted {
		bars = append(bars, span{From: at(c.NotBefore), To: at(c.NotAfter), Row: i, New: c.Fingerprint == v.Change.New.Fingerprint,
			Label: v.standing(c.Certificate) + ": " + model.Day(c.NotBefore) + " to " + model.Day(c.NotAfter) + "."})
	}
	return bars, at(v.Now), from, to
}

type span struct {
	From, To, Row int
	New           bool
	Label         string
}

func spanLabels(bars []span) string {
	var all []string
	for _, b := range bars {
		all = append(all, b.Label)
	}
	return strings.Join(all, " ")
}
