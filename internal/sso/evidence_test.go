package sso_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/attack"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

// checksOf writes checks as "id state", with what was expected and received where
// a test gives the words for it.
func checksOf(checks []model.Check) []string {
	var all []string
	for _, c := range checks {
		all = append(all, c.ID+" "+string(c.State))
	}
	return all
}

// Every check of a login leaves its evidence, also where it passes: the trace
// and the inspector show what was compared.
func TestEvidenceOfAnHonestMessage(t *testing.T) {
	t.Parallel()
	s := newScene(fuzzedAt)
	end := fuzzedAt.Add(40 * time.Minute)
	v := judged(t, []byte(attack.WithSessionEnd(&s, end)), s, false)
	v.wantAlice(t)
	want := strings.Fields(`size xml_shape status signature_algorithm signature_response signature_assertion certificate issuer destination replay
		in_response_to browser audience not_before not_on_or_after recipient confirmation session subject
		attribute_username attribute_email attribute_external_id username`)
	evidence := map[string]model.Check{}
	var passed []string
	for _, c := range v.checks {
		evidence[c.ID] = c
		if c.State == model.CheckPassed {
			passed = append(passed, c.ID)
		} else if c.Note == "" {
			t.Errorf("left out, and it does not say why: %+v", c)
		}
	}
	if !slices.Equal(passed, want) {
		t.Errorf("passed:\n%v, want\n%v", passed, want)
	}
	trusted := sceneProvider().Certificates[0].Fingerprint
	for id, want := range map[string][2]string{ // expected and received
		"size":                {"at most 524,288 bytes", "?"},
		"signature_response":  {"", trusted},
		"signature_assertion": {"", trusted},
		"certificate":         {"a stored certificate", trusted},
		"issuer":              {sceneIdP, sceneIdP},
		"destination":         {sceneACS, sceneACS},
		"recipient":           {sceneACS, sceneACS},
		"audience":            {sceneEntity, sceneEntity},
		"replay":              {"", v.identity.AssertionID},
		"in_response_to":      {"_request", "_request"},
		"not_before":          {"before 2026-11-03T12:00:00.000Z", "2026-11-03T11:55:00.000Z"},
		"not_on_or_after":     {"after 2026-11-03T12:00:00.000Z", "2026-11-03T13:00:00.000Z"},
		"confirmation":        {"after 2026-11-03T12:00:00.000Z", "2026-11-03T13:00:00.000Z"},
		"session":             {"", "2026-11-03T12:40:00.000Z"},
		"subject":             {"", "alice"},
		"attribute_email":     {"email", "alice@example.com"},
		"username":            {"", "alice"},
	} {
		if c := evidence[id]; c.Expected != want[0] || (c.Received != want[1] && want[1] != "?") {
			t.Errorf("%s: expected %q, received %q; want %q and %q", id, c.Expected, c.Received, want[0], want[1])
		}
	}
	id := v.identity
	if !id.IssuedAt.Equal(fuzzedAt) || !id.AuthnInstant.Equal(fuzzedAt) || !id.SessionNotOnOrAfter.Equal(end) || !id.ExpiresAt.Equal(fuzzedAt.Add(time.Hour)) ||
		!strings.HasPrefix(id.SessionIndex, "_") || !strings.HasSuffix(id.AuthnContext, ":PasswordProtectedTransport") ||
		!strings.HasSuffix(id.NameIDFormat, ":unspecified") {
		t.Errorf("%+v", id)
	}
	if p := v.person; p.IdPEntityID != sceneIdP || p.NameID != "alice" || len(p.Attributes["email"]) != 1 {
		t.Errorf("%+v", p)
	}
}

// What is not compared says so: nothing is left out in silence.
func TestEvidenceOfWhatIsNotCompared(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		assertionOnly, tile bool
		change              func(*sso.Expectations)
		skipped             []string
	}{
		"nothing is known of us":  {change: func(e *sso.Expectations) { e.EntityID, e.ACSURL = "", "" }, skipped: []string{"audience", "destination", "recipient"}},
		"the request is unknown":  {change: func(e *sso.Expectations) { e.AnyRequest, e.Request = true, nil }, skipped: []string{"in_response_to"}},
		"the tile":                {tile: true, change: func(e *sso.Expectations) { e.AllowUnsolicited, e.Request = true, nil }, skipped: []string{"in_response_to"}},
		"the envelope counts not": {assertionOnly: true, change: func(*sso.Expectations) {}, skipped: []string{"signature_response"}},
	} {
		s := newScene(fuzzedAt)
		if c.tile {
			s.Request = ""
		}
		trust := sso.Trust{Certificates: sceneProvider().Certificates, RequireSignatures: model.SignaturesBoth}
		if c.assertionOnly {
			trust.RequireSignatures = model.SignaturesAssertion
		}
		m, checks, refusal := sso.Open([]byte(attack.WithAttributes(&s, "")), trust)
		if refusal != nil {
			t.Fatalf("%s: %+v", name, refusal)
		}
		e := expectations(s)
		c.change(&e)
		_, more, refusal := m.Judge(e)
		if refusal != nil {
			t.Errorf("%s: %+v", name, refusal)
		}
		skipped := map[string]bool{}
		for _, check := range append(checks, more...) {
			if check.State == model.CheckSkipped {
				skipped[check.ID] = check.Note != ""
			}
		}
		if got := slices.Sorted(maps.Keys(skipped)); !slices.Equal(got, c.skipped) || slices.Contains(slices.Collect(maps.Values(skipped)), false) {
			t.Errorf("%s: skipped %v, want %v, each with a reason", name, skipped, c.skipped)
		}
	}
}

// The clocks are compared where the message arrives just now: only a difference
// that is worth a word is a warning, and it refuses nobody.
func TestClockCheck(t *testing.T) {
	t.Parallel()
	s := newScene(fuzzedAt)
	m, _, refusal := sso.Open([]byte(attack.WithAttributes(&s, "")), sso.Trust{Certificates: sceneProvider().Certificates})
	if refusal != nil {
		t.Fatal(refusal)
	}
	for name, c := range map[string]struct {
		late, skew time.Duration
		change     func(*sso.Expectations)
		want       model.CheckState // empty: no check
	}{
		"they agree":                {0, 3 * time.Minute, nil, model.CheckPassed},
		"half of what is tolerated": {90 * time.Second, 3 * time.Minute, nil, model.CheckPassed},
		"more than half":            {91 * time.Second, 3 * time.Minute, nil, model.CheckWarning},
		"early":                     {-91 * time.Second, 3 * time.Minute, nil, model.CheckWarning},
		"too little for a word":     {10 * time.Second, time.Second, nil, model.CheckPassed},
		"just enough":               {11 * time.Second, time.Second, nil, model.CheckWarning},
		"used before":               {0, 3 * time.Minute, func(e *sso.Expectations) { e.Replayed = true }, ""},
		"looked at later":           {0, 3 * time.Minute, func(e *sso.Expectations) { e.MeasureClock = false }, ""},
	} {
		e := expectations(s)
		e.Now, e.ClockSkew, e.MeasureClock = s.Now.Add(c.late), c.skew, true
		if c.change != nil {
			c.change(&e)
		}
		_, checks, refusal := m.Judge(e)
		if refusal != nil && refusal.Code != model.CodeReplayed {
			t.Errorf("%s: %+v", name, refusal)
		}
		i := slices.IndexFunc(checks, func(c model.Check) bool { return c.ID == sso.ClockCheck })
		if i < 0 {
			if c.want != "" {
				t.Errorf("%s: no check of the clock: %v", name, checksOf(checks))
			}
			continue
		}
		check := checks[i]
		here, aws, ok := sso.ClockTimes(check.Expected, check.Received)
		if check.State != c.want || (check.Note != "") != (c.want == model.CheckWarning) || !ok || !here.Equal(e.Now) || !aws.Equal(s.Now) {
			t.Errorf("%s: %+v, want %s of %s and %s", name, check, c.want, e.Now, s.Now)
		}
	}
	for _, bad := range [][2]string{{"now", "2026-11-03T12:00:00Z"}, {"2026-11-03T12:00:00Z", ""}} {
		if _, _, ok := sso.ClockTimes(bad[0], bad[1]); ok {
			t.Errorf("%q are times", bad)
		}
	}
}
