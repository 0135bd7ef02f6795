package health_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/health"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

var now = time.Date(2026, 11, 30, 11, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return now.Add(-d) }

// refusals are so many of one kind without a success since, the last a minute ago.
func refusals(code model.Code, n, people int) model.RefusalEvidence {
	return model.RefusalEvidence{Code: code, Verified: !code.Forgeable() && code != model.CodeInternal, Hour: n, Day: n, Since: n, People: people,
		FirstAt: ago(29 * time.Minute), LastAt: ago(time.Minute), LastLogin: "newest"}
}

// because are refusals most of which have that cause.
func because(r model.RefusalEvidence, cause model.Cause) model.RefusalEvidence {
	r.Cause = cause
	return r
}

// healed are refusals after which somebody signed in.
func healed(r model.RefusalEvidence) model.RefusalEvidence {
	r.Since, r.People, r.FirstAt, r.LastAt = 0, 0, time.Time{}, ago(10*time.Minute)
	return r
}

func TestHealthOfAConnection(t *testing.T) {
	t.Parallel()
	success := ago(2 * time.Minute)
	carrying := func(r model.RefusalEvidence, print string) model.RefusalEvidence {
		r.Received = []string{print}
		return r
	}
	for name, test := range map[string]struct {
		evidence model.SignInEvidence
		status   model.Status
		state    health.State
		reasons  string // ids, the worst first
		says     string // in the titles and the evidence
	}{
		"nothing yet":        {state: health.None},
		"a success":          {evidence: model.SignInEvidence{LastSuccess: success, Hour: 1, Day: 1}, state: health.Good},
		"a success long ago": {evidence: model.SignInEvidence{LastSuccess: ago(90 * 24 * time.Hour)}, state: health.Good},
		"suspended": {evidence: model.SignInEvidence{LastSuccess: success}, status: model.StatusSuspended,
			state: health.Warn, reasons: "suspended"},
		"all refused, one cause": {evidence: of(ago(time.Hour), refusals(model.CodeAudienceMismatch, 3, 1)),
			state: health.Bad, reasons: "refused_all", says: "3 sign-ins were refused"},
		"our own fault": {evidence: of(ago(time.Hour), refusals(model.CodeInternal, 3, 1)), state: health.Bad, reasons: "refused_all"},
		"three people, one reason each": {evidence: of(ago(time.Hour), refusals(model.CodeUsernameTaken, 3, 3)),
			state: health.Bad, reasons: "refused_people",
			says: "The last 3 people who came through aws were refused"},
		"one person again and again": {evidence: of(ago(time.Hour), refusals(model.CodeUserUnknown, 9, 1)),
			state: health.Warn, reasons: "refused_last refused_often"},
		"one refused last": {evidence: of(ago(time.Hour), refusals(model.CodeExpired, 1, 1)), state: health.Warn, reasons: "refused_last"},
		"2 of 5": {evidence: day(3, 2, healed(refusals(model.CodeUserUnknown, 2, 0))),
			state: health.Warn, reasons: "refused_often", says: "2 of 5 sign-ins"},
		"1 of 500":         {evidence: day(499, 1, healed(refusals(model.CodeUserUnknown, 1, 0))), state: health.Good},
		"1 of 2":           {evidence: day(1, 1, healed(refusals(model.CodeUserUnknown, 1, 0))), state: health.Good},
		"as many as usual": {evidence: usual(900, 100, day(90, 10, healed(refusals(model.CodeUserUnknown, 10, 0)))), state: health.Good},
		"an outage is not the usual": {evidence: usual(10, 90, day(10, 90, healed(refusals(model.CodeUserUnknown, 90, 0)))),
			state: health.Warn, reasons: "refused_often"},
		"a success after failures": {evidence: day(200, 3, healed(refusals(model.CodeAudienceMismatch, 3, 0))), state: health.Good},
		"deactivated people":       {evidence: day(5, 0, refusals(model.CodeUserDeactivated, 20, 5)), state: health.Good},
		"a double click":           {evidence: day(5, 0, refusals(model.CodeReplayed, 20, 5)), state: health.Good},
		"only forged": {evidence: of(time.Time{}, refusals(model.CodeSignatureInvalid, 600, 1)),
			state: health.Warn, reasons: "not_vouched", says: "anybody can post"},
		"forged among successes": {evidence: day(5, 0, healed(refusals(model.CodeSignatureInvalid, 600, 0))),
			state: health.Good, reasons: "not_vouched", says: "600 answers"},
		"another certificate, nothing vouches": {evidence: of(ago(time.Hour), carrying(refusals(model.CodeCertificateUnknown, 47, 1), "AA")),
			state:   health.Warn,
			reasons: "not_vouched", says: "47 answers"},

		"another certificate, and nobody signs in at a busy hour": {
			evidence: busy(of(ago(2*time.Hour), carrying(refusals(model.CodeCertificateUnknown, 47, 1), "AA"))),
			state:    health.Bad, reasons: "stopped"},
		"forged at a busy hour with successes": {evidence: busy(day(30, 0, refusals(model.CodeCertificateUnknown, 47, 1))),
			state: health.Warn, reasons: "not_vouched"},
		"trusted since": {evidence: of(ago(time.Hour), carrying(refusals(model.CodeCertificateUnknown, 47, 1), "KNOWN")),
			state: health.Warn, reasons: "trusted_since"},
		"a mapping's text, once": {evidence: of(ago(time.Hour), because(refusals(model.CodeUsernameInvalid, 1, 1), model.CauseUsernameLiteral)),
			state: health.Warn, reasons: "mapping_text", says: "took the row for plain text"},
		"a mapping's text, one name for everybody": {evidence: of(ago(time.Hour), because(refusals(model.CodeUsernameInvalid, 3, 1), model.CauseUsernameLiteral)),
			state: health.Bad, reasons: "mapping_text", says: "Nobody can sign in through aws: AWS sends a mapping's own text"},
		"a mapping's text for the email": {evidence: of(time.Time{}, because(refusals(model.CodeAttributeMissing, 4, 4), model.CauseAttributeLiteral)),
			state: health.Bad, reasons: "mapping_text"},
		"a mapping that was mended": {evidence: day(200, 3, because(healed(refusals(model.CodeUsernameInvalid, 3, 0)), "")), state: health.Good},
		"names that do not fit": {evidence: of(ago(time.Hour), because(refusals(model.CodeUsernameInvalid, 1, 1), model.CauseUsernameUnfit)),
			state: health.Warn, reasons: "refused_last"},
		"AWS never answers": {evidence: unanswered(model.SignInEvidence{LastSuccess: ago(time.Hour)}, 4),
			state: health.Warn, reasons: "no_answer"},
		"one left": {evidence: unanswered(model.SignInEvidence{LastSuccess: ago(time.Hour)}, 1), state: health.Good},
		"AWS never answers at a busy hour": {evidence: busy(unanswered(model.SignInEvidence{LastSuccess: ago(2 * time.Hour)}, 9)), state: health.Bad,
			reasons: "stopped", says: "9 sign-ins began"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := model.Connection{Slug: "aws", Status: model.StatusLive, Live: &model.Revision{Number: 1}}
			if test.status != "" {
				c.Status = test.status
			}
			got := health.OfConnection(c, test.evidence, metadata(now.AddDate(2, 0, 0)), now)
			want(t, got, test.state, test.reasons, test.says)
		})
	}
}

func want(t *testing.T, got health.Health, state health.State, reasons, says string) {
	t.Helper()
	var ids []string
	text := ""
	for _, r := range got.Reasons {
		ids, text = append(ids, r.ID), text+r.Title+". "+r.Evidence+" "
	}
	if got.State != state || strings.Join(ids, " ") != reasons || !strings.Contains(text, says) {
		t.Errorf("%s, because of %v: %s\nwant %s, %q, %q", got.State, ids, text, state, reasons, says)
	}
}

func of(success time.Time, all ...model.RefusalEvidence) model.SignInEvidence {
	return model.SignInEvidence{LastSuccess: success, Refusals: all}
}

// day is a day with so many signed in, the last two minutes ago, and so many
// refused before.
func day(signedIn, refused int, r model.RefusalEvidence) model.SignInEvidence {
	if refused > 0 {
		r.Day, r.Hour = refused, 0
	}
	return model.SignInEvidence{LastSuccess: ago(2 * time.Minute), Hour: signedIn, Day: signedIn, Refusals: []model.RefusalEvidence{r}}
}

func usual(signedIn, refused int, e model.SignInEvidence) model.SignInEvidence {
	e.UsualSignedIn, e.UsualRefused = signedIn, refused
	return e
}

func busy(e model.SignInEvidence) model.SignInEvidence {
	e.UsualThisHour = 25
	return e
}

func unanswered(e model.SignInEvidence, n int) model.SignInEvidence {
	e.Unanswered = model.UnansweredEvidence{Hour: n, Day: n, Since: n, LastAt: ago(2 * time.Minute)}
	return e
}

// metadata has one certificate that ends then.
func metadata(end time.Time) health.Metadata {
	return health.Metadata{Live: func(*model.Revision) (*sso.IdentityProvider, error) {
		return &sso.IdentityProvider{Certificates: []sso.Certificate{{Fingerprint: "KNOWN", NotAfter: end}}}, nil
	}}
}

func TestHealthByCertificates(t *testing.T) {
	t.Parallel()
	c := model.Connection{Slug: "aws", Status: model.StatusLive, Live: &model.Revision{Number: 1}}
	worked := model.SignInEvidence{LastSuccess: ago(time.Minute), Hour: 1, Day: 1}
	failing := worked
	failing.Check = model.MetadataCheck{Failures: 3, Problem: "The name cannot be found."}
	ended := func(days int) health.Metadata { return metadata(now.AddDate(0, 0, days)) }
	want(t, health.OfConnection(c, worked, ended(61), now), health.Good, "", "")
	want(t, health.OfConnection(c, worked, ended(24), now), health.Good, "certificate_ends", "ends in 24 days")
	want(t, health.OfConnection(c, worked, ended(3), now), health.Warn, "certificate_ends", "ends in 3 days")
	want(t, health.OfConnection(c, worked, ended(-1), now), health.Warn, "certificate_ended", "It ended on 29 November 2026")
	want(t, health.OfConnection(c, failing, ended(100), now), health.Warn, "metadata_not_fetched", "3 times in a row. The name cannot be found.")
	broken := health.Metadata{Live: func(*model.Revision) (*sso.IdentityProvider, error) { return nil, errors.New("It is empty.") }}
	want(t, health.OfConnection(c, worked, broken, now), health.Bad, "metadata_unusable", "It is empty.")
}

func TestHealthOfWhatIsNotLive(t *testing.T) {
	t.Parallel()
	rev := &model.Revision{Number: 2}
	for name, c := range map[string]model.Connection{
		"not_finished": {Slug: "aws", Status: model.StatusDraft, Draft: rev},
		"ready":        {Slug: "aws", Status: model.StatusReady, Draft: rev},
	} {
		want(t, health.OfConnection(c, model.SignInEvidence{}, health.Metadata{}, now), health.None, name, "")
	}
	edited := model.Connection{Slug: "aws", Status: model.StatusLive, Live: rev, Draft: &model.Revision{Number: 3}}
	want(t, health.OfConnection(edited, model.SignInEvidence{}, metadata(now.AddDate(2, 0, 0)), now), health.None, "draft", "revision 2")
}

// A reason without a kind would be believed or disbelieved by chance.
func TestEveryCodeHasItsKind(t *testing.T) {
	t.Parallel()
	if n := model.CodeKinds(); n != len(model.Codes) {
		t.Errorf("%d of %d codes have a kind", n, len(model.Codes))
	}
}
