package trust

import (
	"fmt"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/kit"
)

// Need is what somebody should do about what is trusted of AWS.
type Need struct {
	Urgent bool
	Text   string
	Link   string
	Href   string
}

// failuresWorthSaying is how often in a row AWS's metadata may not be fetched
// before somebody should look.
const failuresWorthSaying = 3

// Times before the end of AWS's certificate at which somebody is asked to act,
// and to hurry.
const (
	certificateSoon   = 60 * kit.Day
	certificateUrgent = 14 * kit.Day
)

// MetadataNeed is what somebody should do because AWS's metadata cannot be
// fetched; false where it can, or the trouble is young.
func MetadataNeed(c model.Connection, check model.MetadataCheck) (Need, bool) {
	if check.Failures < failuresWorthSaying {
		return Need{}, false
	}
	return Need{Link: "See the certificates", Href: paths.Certificates(c.Slug), Urgent: true,
		Text: fmt.Sprintf("AWS's metadata for %s could not be fetched %s times in a row. %s", c.Name(), model.Number(check.Failures), check.Problem)}, true
}

// CertificateNeed is what somebody should do about a connection's certificates,
// by where their change stands; false where nothing waits for anybody.
func CertificateNeed(name, slug string, c sso.CertificateChange, now time.Time) (Need, bool) {
	n := Need{Link: "See the certificates", Href: paths.Certificates(slug)}
	switch left := c.End().Sub(now); {
	case c.Refusing:
		n.Text, n.Urgent = RefusingWords(name, c), true
	case len(c.Waiting) > 0:
		n.Text, n.Urgent = WaitingWords(name, c), true
	case !c.End().IsZero() && left <= certificateSoon:
		n.Text, n.Urgent = ExpiryWords(name, left), left < certificateUrgent
	case c.Stage == sso.ChangeSwitch && c.Active != nil && c.Active.NotAfter.Sub(now) <= certificateSoon:
		n.Text = fmt.Sprintf("The new certificate for %s is trusted here, and AWS still signs with the one that ends on %s. Set the new one as active in AWS.",
			name, model.Day(c.Active.NotAfter))
		n.Urgent = c.Active.NotAfter.Sub(now) < certificateUrgent
	case c.Stage == sso.ChangeRetire && c.Removable(c.Old[0].Fingerprint):
		n.Text = "Nobody has signed in with the old certificate of " + name + " for 7 days. Stop trusting it, then delete it in AWS."
	default:
		return n, false
	}
	return n, true
}

// RefusingWords say that AWS signs with a certificate that is not trusted: since
// when, and whether that was felt.
func RefusingWords(name string, c sso.CertificateChange) string {
	if c.Refused.Refused == 0 {
		return "AWS's metadata for " + name + " shows a certificate that is not trusted here, since " + model.Moment(c.ActiveSince) +
			". Whoever signs in next will be refused. Compare it, and trust it."
	}
	since := c.ActiveSince
	if first := c.Refused.RefusedFirstAt; first.Before(since) {
		since = first
	}
	return fmt.Sprintf("AWS signs for %s with a certificate that is not trusted here, since %s; people are being refused: %s, the last one %s. "+
		"Compare it, and trust it.", name, model.Moment(since), ui.Count(c.Refused.Refused, "answer", "answers"), model.Moment(c.Refused.RefusedLastAt))
}

// WaitingWords say that certificates wait to be compared.
func WaitingWords(name string, c sso.CertificateChange) string {
	if len(c.Waiting) == 1 {
		return "A new certificate of AWS for " + name + " waits for you: compare it, and trust it before AWS signs with it."
	}
	return fmt.Sprintf("%d new certificates of AWS for %s wait for you: compare them, and trust what is AWS's before AWS signs with it.", len(c.Waiting), name)
}

// ExpiryWords say that the last of the trusted certificates ends, and how to go on.
func ExpiryWords(name string, left time.Duration) string {
	const do = " Make a new one in AWS, bring its file here, then set it as active in AWS: in this order nobody is shut out."
	if left <= 0 {
		return "AWS's certificate for " + name + " has ended. Sign-in goes on as long as AWS goes on signing with it." + do
	}
	return fmt.Sprintf("AWS's certificate for %s ends in %s.", name, ui.Count(int(left/kit.Day), "day", "days")) + do
}
