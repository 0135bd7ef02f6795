package sso

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

const (
	judgedACS    = "https://sso.example.com/saml/aws/acs"
	judgedEntity = "https://sso.example.com/saml/aws/metadata"
	judgedIdP    = "https://idp.example.com"
)

// around are times by the clock of these tests, as messages write them.
func around(d time.Duration) string { return stamp(fuzzedAt.Add(d)) }

// verified is a message as the verification would hand it on, and what it is
// held against. Every part of it is good.
func verified() (*Message, *Expectations) {
	m := &Message{
		ID: "_r", AssertionID: "_a", InResponseTo: "_q", Issuer: judgedIdP, SignedBy: []string{"AA", "BB"}, ExpiresAt: fuzzedAt.Add(time.Hour),
		envelope: envelope{
			trusted: true, id: "_r", version: "2.0", issueInstant: around(0), issuer: judgedIdP, hasIssuer: true,
			destination: judgedACS, hasDestination: true, inResponseTo: "_q", hasInResponseTo: true,
		},
		parsed: assertionData{
			id: "_a", version: "2.0", issueInstant: around(0), issuer: judgedIdP, subjects: 1, nameID: "alice", hasNameID: true,
			confirmations: []confirmation{bearer()},
			conditions:    &conditions{notBefore: around(-time.Minute), notOnOrAfter: around(time.Hour), audiences: [][]string{{judgedEntity}}},
			authn:         []authnStatement{{instant: around(0), notOnOrAfter: around(time.Hour)}},
		},
	}
	return m, &Expectations{EntityID: judgedEntity, ACSURL: judgedACS, IdPEntityID: judgedIdP, Now: fuzzedAt, ClockSkew: 3 * time.Minute,
		Request: &PendingRequest{ID: "_q"}}
}

func bearer() confirmation {
	return confirmation{method: methodBearer, hasData: true, recipient: judgedACS, inResponseTo: "_q", hasInResponseTo: true, notOnOr: around(time.Hour)}
}

// unsolicited makes the message one that AWS began.
func unsolicited(m *Message, e *Expectations) {
	m.InResponseTo, m.envelope.inResponseTo, m.envelope.hasInResponseTo = "", "", false
	m.parsed.confirmations[0].inResponseTo, m.parsed.confirmations[0].hasInResponseTo = "", false
	e.Request, e.AllowUnsolicited = nil, true
}

type judgeCase struct {
	change func(*Message, *Expectations)
	code   model.Code // empty: accepted
	check  string     // that fails
}

// judge runs a case: the code and the first check that failed are those that are
// wanted, and the check's own evidence says the same.
func (c judgeCase) judge(t *testing.T, name string) {
	t.Helper()
	m, e := verified()
	c.change(m, e)
	id, checks, refusal := m.Judge(*e)
	for _, check := range []string{"issuer", "destination", "replay", "in_response_to", "audience"} {
		if !slices.ContainsFunc(checks, func(c model.Check) bool { return c.ID == check }) {
			t.Errorf("%s: nothing is said of %s", name, check)
		}
	}
	if refusal == nil {
		if c.code != "" || id == nil {
			t.Errorf("%s: accepted as %+v", name, id)
		}
		for _, check := range []string{"not_before", "not_on_or_after", "recipient", "confirmation", "session", "subject"} {
			if !slices.ContainsFunc(checks, func(c model.Check) bool { return c.ID == check }) {
				t.Errorf("%s: nothing is said of %s", name, check)
			}
		}
		return
	}
	failed := slices.IndexFunc(checks, func(c model.Check) bool { return c.State == model.CheckFailed })
	if refusal.Code != c.code || id != nil || failed < 0 || checks[failed].ID != c.check || checks[failed].Code != c.code {
		t.Errorf("%s: %q, %+v, %v; want %q by %s", name, refusal.Code, id, checks, c.code, c.check)
	}
}

const day = 24 * time.Hour

// TestJudgeTimes: each time to the second, on both sides.
func TestJudgeTimes(t *testing.T) {
	t.Parallel()
	const skew = 3 * time.Minute
	expired, early, invalid, malformed := model.CodeExpired, model.CodeNotYetValid, model.CodeConfirmationInvalid, model.CodeMalformedResponse
	conditions := func(from, until time.Duration) func(*Message, *Expectations) {
		return func(m *Message, _ *Expectations) {
			m.parsed.conditions.notBefore, m.parsed.conditions.notOnOrAfter = around(from), around(until)
		}
	}
	confirmed := func(change func(*confirmation)) func(*Message, *Expectations) {
		return func(m *Message, _ *Expectations) { change(&m.parsed.confirmations[0]) }
	}
	until := func(d time.Duration) func(*Message, *Expectations) {
		return confirmed(func(c *confirmation) { c.notOnOr = around(d) })
	}
	from := func(text string) func(*Message, *Expectations) {
		return confirmed(func(c *confirmation) { c.notBefore = text })
	}
	session := func(all ...authnStatement) func(*Message, *Expectations) {
		return func(m *Message, _ *Expectations) { m.parsed.authn = all }
	}
	good := authnStatement{instant: around(0)}
	for name, c := range map[string]judgeCase{
		"nothing":                        {func(*Message, *Expectations) {}, "", ""},
		"conditions begin":               {conditions(skew, time.Hour), "", ""},
		"conditions begin later":         {conditions(skew+time.Second, time.Hour), early, "not_before"},
		"conditions end":                 {conditions(-time.Hour, -skew+time.Second), "", ""},
		"conditions ended":               {conditions(-time.Hour, -skew), expired, "not_on_or_after"},
		"conditions for a day":           {conditions(0, day+skew), "", ""},
		"conditions for longer":          {conditions(0, day+skew+time.Second), invalid, "not_on_or_after"},
		"conditions without a beginning": {func(m *Message, _ *Expectations) { m.parsed.conditions.notBefore = "" }, "", ""},
		"a beginning that is no time":    {func(m *Message, _ *Expectations) { m.parsed.conditions.notBefore = "soon" }, malformed, "not_before"},
		"conditions without an end":      {func(m *Message, _ *Expectations) { m.parsed.conditions.notOnOrAfter = "" }, invalid, "not_on_or_after"},
		"no conditions":                  {func(m *Message, e *Expectations) { m.parsed.conditions, e.EntityID = nil, "" }, invalid, "not_on_or_after"},

		"confirmation ends":             {until(-skew + time.Second), "", ""},
		"confirmation ended":            {until(-skew), expired, "confirmation"},
		"confirmation for a day":        {until(day + skew), "", ""},
		"confirmation for longer":       {until(day + skew + time.Second), invalid, "confirmation"},
		"confirmation begins":           {from(around(skew)), "", ""},
		"confirmation begins later":     {from(around(skew + time.Second)), early, "confirmation"},
		"confirmation begins some time": {from("soon"), malformed, "confirmation"},
		"confirmation without an end":   {confirmed(func(c *confirmation) { c.notOnOr = "" }), invalid, "confirmation"},

		"session without an end":   {session(good), "", ""},
		"session ends":             {session(authnStatement{instant: around(0), notOnOrAfter: around(time.Second)}), "", ""},
		"session ended":            {session(authnStatement{instant: around(0), notOnOrAfter: around(0)}), expired, "session"},
		"session ends some time":   {session(authnStatement{instant: around(0), notOnOrAfter: "soon"}), malformed, "session"},
		"signed in some time":      {session(authnStatement{instant: "soon"}), malformed, "session"},
		"the second session ended": {session(good, authnStatement{instant: around(0), notOnOrAfter: around(0)}), expired, "session"},
		"the second some time":     {session(good, authnStatement{instant: ""}), malformed, "session"},
		"no session":               {session(), malformed, "session"},

		"issued": {func(m *Message, _ *Expectations) {
			m.parsed.issueInstant, m.envelope.issueInstant = around(skew), around(skew)
		}, "", ""},
		"assertion issued late": {func(m *Message, _ *Expectations) { m.parsed.issueInstant = around(skew + time.Second) }, early, "not_before"},
		"response issued late":  {func(m *Message, _ *Expectations) { m.envelope.issueInstant = around(skew + time.Second) }, early, "not_before"},
		"assertion without":     {func(m *Message, _ *Expectations) { m.parsed.issueInstant = "" }, malformed, "not_before"},
		"response without":      {func(m *Message, _ *Expectations) { m.envelope.issueInstant = "" }, malformed, "not_before"},
		"assertion's version":   {func(m *Message, _ *Expectations) { m.parsed.version = "2" }, malformed, "xml_shape"},
		"response's version":    {func(m *Message, _ *Expectations) { m.envelope.version = "1.1" }, malformed, "xml_shape"},
	} {
		c.judge(t, name)
	}
}

// TestJudgeAddressing: from whom, to whom, in answer to what.
func TestJudgeAddressing(t *testing.T) {
	t.Parallel()
	issuer, destination, audience := model.CodeIssuerMismatch, model.CodeDestinationMismatch, model.CodeAudienceMismatch
	unknown := model.CodeInResponseToUnknown
	audiences := func(all ...[]string) func(*Message, *Expectations) {
		return func(m *Message, _ *Expectations) { m.parsed.conditions.audiences = all }
	}
	for name, c := range map[string]judgeCase{
		"issuer of the assertion": {func(m *Message, _ *Expectations) { m.parsed.issuer += "/" }, issuer, "issuer"},
		"issuer of the response":  {func(m *Message, _ *Expectations) { m.envelope.issuer += "/" }, issuer, "issuer"},
		"response without issuer": {func(m *Message, _ *Expectations) { m.envelope.issuer, m.envelope.hasIssuer = "", false }, "", ""},
		"response's issuer empty": {func(m *Message, _ *Expectations) { m.envelope.issuer = "" }, issuer, "issuer"},

		"destination": {func(m *Message, _ *Expectations) { m.envelope.destination += "/" }, destination, "destination"},
		"no destination": {func(m *Message, _ *Expectations) { m.envelope.destination, m.envelope.hasDestination = "", false },
			destination, "destination"},
		"no destination, not signed": {func(m *Message, _ *Expectations) { m.envelope = envelope{version: "2.0", issueInstant: around(0)} }, "", ""},
		"another destination, not signed": {func(m *Message, _ *Expectations) { m.envelope.trusted, m.envelope.destination = false, "x" },
			destination, "destination"},

		"no audience":              {audiences(), audience, "audience"},
		"an empty restriction":     {audiences([]string{}), audience, "audience"},
		"another audience":         {audiences([]string{judgedEntity + "/"}), audience, "audience"},
		"one of two":               {audiences([]string{"x", judgedEntity}), "", ""},
		"the first of two":         {audiences([]string{judgedEntity, "x"}), "", ""},
		"each of two restrictions": {audiences([]string{"x", judgedEntity}, []string{judgedEntity}), "", ""},
		"the first restriction":    {audiences([]string{"x"}, []string{judgedEntity}), audience, "audience"},
		"the second restriction":   {audiences([]string{judgedEntity}, []string{"x"}), audience, "audience"},
		"no conditions at all":     {func(m *Message, _ *Expectations) { m.parsed.conditions = nil }, audience, "audience"},

		"used before":      {func(_ *Message, e *Expectations) { e.Replayed = true }, model.CodeReplayed, "replay"},
		"another browser":  {func(_ *Message, e *Expectations) { e.OtherBrowser = true }, model.CodeInResponseToOtherBrowser, "browser"},
		"another request":  {func(_ *Message, e *Expectations) { e.Request.ID = "_other" }, unknown, "in_response_to"},
		"no request waits": {func(_ *Message, e *Expectations) { e.Request = nil }, unknown, "in_response_to"},
		"any request":      {func(_ *Message, e *Expectations) { e.AnyRequest, e.Request = true, nil }, "", ""},
		"AWS began it":     {unsolicited, "", ""},
		"AWS may not":      {func(m *Message, e *Expectations) { unsolicited(m, e); e.AllowUnsolicited = false }, model.CodeUnsolicitedRefused, "in_response_to"},
		"AWS, though asked": {func(m *Message, e *Expectations) {
			unsolicited(m, e)
			e.AllowUnsolicited, e.Request = false, &PendingRequest{ID: ""}
		}, model.CodeUnsolicitedRefused, "in_response_to"},
		"an empty request":    {func(m *Message, e *Expectations) { unsolicited(m, e); m.envelope.hasInResponseTo = true }, unknown, "in_response_to"},
		"an empty one inside": {func(m *Message, e *Expectations) { unsolicited(m, e); m.parsed.confirmations[0].hasInResponseTo = true }, unknown, "in_response_to"},
		"an empty one of the second": {func(m *Message, e *Expectations) {
			unsolicited(m, e)
			m.parsed.confirmations = append(m.parsed.confirmations, confirmation{hasInResponseTo: true})
		}, unknown, "in_response_to"},
		"the response's differs": {func(m *Message, _ *Expectations) { m.envelope.inResponseTo = "_x" }, unknown, "in_response_to"},
		"the response has none":  {func(m *Message, _ *Expectations) { m.envelope.inResponseTo, m.envelope.hasInResponseTo = "", false }, unknown, "in_response_to"},
		"an unsigned response has none": {func(m *Message, _ *Expectations) {
			m.envelope.trusted, m.envelope.inResponseTo, m.envelope.hasInResponseTo = false, "", false
		}, "", ""},
		"an unsigned response's differs": {func(m *Message, _ *Expectations) { m.envelope.trusted, m.envelope.inResponseTo = false, "_x" },
			unknown, "in_response_to"},
		"an unsigned response's is empty": {func(m *Message, _ *Expectations) { m.envelope.trusted, m.envelope.inResponseTo = false, "" },
			unknown, "in_response_to"},
		"a browser of what was never asked": {func(m *Message, e *Expectations) { unsolicited(m, e); e.OtherBrowser = true }, "", ""},
	} {
		c.judge(t, name)
	}
}

// TestJudgePerson: one bearer confirmation that is good by itself, and a name.
func TestJudgePerson(t *testing.T) {
	t.Parallel()
	invalid, subject, username := model.CodeConfirmationInvalid, model.CodeSubjectMissing, model.CodeUsernameInvalid
	confirmations := func(changes ...func(*confirmation)) func(*Message, *Expectations) {
		return func(m *Message, _ *Expectations) {
			m.parsed.confirmations = nil
			for _, change := range changes {
				c := bearer()
				change(&c)
				m.parsed.confirmations = append(m.parsed.confirmations, c)
			}
		}
	}
	good, elsewhere := func(*confirmation) {}, func(c *confirmation) { c.recipient = "https://elsewhere.example.com" }
	ended, vouches := func(c *confirmation) { c.notOnOr = around(-time.Hour) },
		func(c *confirmation) { c.method = "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches" }
	foreign, silent := func(c *confirmation) { c.inResponseTo = "_x" }, func(c *confirmation) { c.hasData = false }
	named := func(name string) func(*Message, *Expectations) {
		return func(m *Message, _ *Expectations) { m.parsed.nameID = name }
	}
	for name, c := range map[string]judgeCase{
		"none":                      {confirmations(), invalid, "confirmation"},
		"of another method":         {confirmations(vouches), invalid, "confirmation"},
		"without data":              {confirmations(silent), invalid, "confirmation"},
		"for another place":         {confirmations(elsewhere), model.CodeRecipientMismatch, "recipient"},
		"of another request":        {confirmations(foreign), model.CodeInResponseToUnknown, "confirmation"},
		"ended":                     {confirmations(ended), model.CodeExpired, "confirmation"},
		"the second is good":        {confirmations(elsewhere, good), "", ""},
		"the first is good":         {confirmations(good, ended), "", ""},
		"the good one is no bearer": {confirmations(ended, func(c *confirmation) { vouches(c) }), model.CodeExpired, "confirmation"},
		"beside another method":     {confirmations(vouches, good), "", ""},
		"two halves":                {confirmations(ended, elsewhere), model.CodeExpired, "confirmation"},
		"any place":                 {func(m *Message, e *Expectations) { confirmations(elsewhere)(m, e); e.ACSURL = "" }, "", ""},

		"no subject":                     {func(m *Message, _ *Expectations) { m.parsed.subjects = 0 }, subject, "subject"},
		"no subject, so no confirmation": {func(m *Message, _ *Expectations) { m.parsed.subjects, m.parsed.confirmations = 0, nil }, subject, "subject"},
		"no name":                        {func(m *Message, _ *Expectations) { m.parsed.hasNameID = false }, subject, "subject"},
		"an empty name":                  {named(""), subject, "subject"},
		"a blank name":                   {named(" \n\t"), subject, "subject"},
		"the longest name":               {named(strings.Repeat("a", 256)), "", ""},
		"a name too long":                {named(strings.Repeat("a", 257)), subject, "subject"},
		"a name that looks like alice":   {named("ａlice"), username, "subject"},
		"a name with a mark inside":      {named("al\u200bice"), username, "subject"},
	} {
		c.judge(t, name)
	}
}

// TestJudgeNamesTheFirst: of several reasons the first is told, and every check
// is made all the same.
func TestJudgeNamesTheFirst(t *testing.T) {
	t.Parallel()
	m, e := verified()
	m.parsed.issuer, e.Replayed, m.parsed.nameID = "x", true, ""
	_, checks, refusal := m.Judge(*e)
	var failed []string
	for _, c := range checks {
		if c.State == model.CheckFailed {
			failed = append(failed, c.ID)
		}
	}
	if refusal.Code != model.CodeIssuerMismatch || !slices.Equal(failed, []string{"issuer", "replay", "subject"}) {
		t.Errorf("%q, failed %v", refusal.Code, failed)
	}
}

// TestJudgeEvidence: what was received stands beside what was expected.
func TestJudgeEvidence(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change             func(*Message)
		expected, received string
	}{
		"methods":       {func(m *Message) { m.parsed.confirmations = []confirmation{{method: "a"}, {method: "b"}} }, methodBearer, "a, b"},
		"audiences":     {func(m *Message) { m.parsed.conditions.audiences = [][]string{{"a", "b"}} }, judgedEntity, "a, b"},
		"requests":      {func(m *Message) { m.envelope.inResponseTo = "_x" }, "_q", "_x"},
		"a long issuer": {func(m *Message) { m.envelope.issuer = strings.Repeat("x", 501) }, judgedIdP, strings.Repeat("x", 500) + "…"},
	} {
		m, e := verified()
		c.change(m)
		if _, _, r := m.Judge(*e); r == nil || r.Expected != c.expected || r.Received != c.received || r.Detail == "" {
			t.Errorf("%s: %+v", name, r)
		}
	}
	m, e := verified()
	e.MeasureClock, m.parsed.issueInstant = true, "soon"
	if _, checks, _ := m.Judge(*e); slices.ContainsFunc(checks, func(c model.Check) bool { return c.ID == ClockCheck }) {
		t.Errorf("the clock is measured by what is no time: %+v", checks)
	}
}

// TestIdentityOfSeveralStatements: the session ends with the first that ends.
func TestIdentityOfSeveralStatements(t *testing.T) {
	t.Parallel()
	m, e := verified()
	m.parsed.authn = []authnStatement{
		{instant: around(-time.Minute), sessionIndex: "_1", context: "urn:x"}, {instant: around(0), notOnOrAfter: around(2 * time.Hour)},
		{instant: around(0), notOnOrAfter: around(time.Hour)}, {instant: around(0), notOnOrAfter: around(3 * time.Hour)}, {instant: around(0)},
	}
	m.parsed.nameID, m.parsed.nameIDFormat = " alice ", "urn:f"
	id, _, refusal := m.Judge(*e)
	if refusal != nil {
		t.Fatal(refusal)
	}
	if !id.SessionNotOnOrAfter.Equal(fuzzedAt.Add(time.Hour)) || id.SessionIndex != "_1" || id.AuthnContext != "urn:x" ||
		!id.AuthnInstant.Equal(fuzzedAt.Add(-time.Minute)) {
		t.Errorf("%+v", id)
	}
	if id.NameID != "alice" || id.NameIDFormat != "urn:f" || id.Issuer != judgedIdP || id.AssertionID != "_a" || id.SignedBy != "BB" ||
		!id.ExpiresAt.Equal(fuzzedAt.Add(time.Hour)) {
		t.Errorf("%+v", id)
	}
}

// TestClockHint: people are told how far the clocks are apart, and which is behind.
func TestClockHint(t *testing.T) {
	t.Parallel()
	j := judge{e: Expectations{Now: fuzzedAt}}
	for d, want := range map[time.Duration]string{
		0: "0s behind AWS's", 90 * time.Second: "1m30s behind AWS's", -90*time.Second - 400*time.Millisecond: "1m30s ago by the clock here",
	} {
		if got := j.clockHint(fuzzedAt.Add(d)); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}

// TestInstant: UTC, written as such (SAML 2.0 core §1.3.3).
func TestInstant(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"2026-11-03T12:00:00Z": true, "2026-11-03T12:00:00.123456789Z": true, "2000-01-01T00:00:00Z": true, "1999-12-31T23:59:59Z": false,
		"2026-11-03T12:00:00+00:00": false, "2026-11-03T12:00:00": false, "2026-11-03T12:00:00z": false, "2026-11-03 12:00:00Z": false, "": false,
		"0000-01-01T00:00:00Z": false, "2026-11-03T24:00:00Z": false, " 2026-11-03T12:00:00Z": false,
	} {
		if _, ok := instant(text); ok != want {
			t.Errorf("%q: %v", text, ok)
		}
	}
}
