package sso

import (
	"fmt"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// maxValidity is the longest an assertion may be valid. AWS gives an hour; the
// replay store must be able to remember it for as long.
const maxValidity = 24 * time.Hour

// version covers what every SAML 2.0 message has: the version, and a time of
// issue that is not in the future.
func (j *judge) version() {
	for _, v := range []string{j.m.envelope.version, j.m.parsed.version} {
		if v != "2.0" {
			j.fail("xml_shape", model.CauseOldSAML, "Version 2.0", v, "The message is not SAML 2.0.")
			return
		}
	}
	limit := j.e.Now.Add(j.e.ClockSkew)
	for _, text := range []string{j.m.envelope.issueInstant, j.m.parsed.issueInstant} {
		t, ok := instant(text)
		if !ok {
			j.fail("not_before", model.CauseTimeUnreadable, "a time of issue in UTC", text, "The message has no readable time of issue.")
			return
		}
		if t.After(limit) {
			j.fail("not_before", model.CauseClockBehind, "issued before "+stamp(limit), stamp(t), j.clockHint(t))
			return
		}
	}
}

// clock measures by how much AWS's clock is ahead of ours. It refuses nothing:
// not_before and not_on_or_after do. A message that was used before, or was
// under way for long, says nothing about the clocks.
func (j *judge) clock() {
	issued, ok := instant(j.m.parsed.issueInstant)
	if !j.e.MeasureClock || j.e.Replayed || !ok {
		return
	}
	c := passed(ClockCheck, stamp(j.e.Now), stamp(issued))
	if d := issued.Sub(j.e.Now).Abs(); d > j.e.ClockSkew/2 && d > clockDoubt {
		c.State = model.CheckWarning
		c.Note = "The message is " + d.Round(time.Second).String() + " away from the clock here. If other logins say the same, one of the clocks is wrong."
	}
	j.checks = append(j.checks, c)
}

// ClockCheck is the check whose evidence has the time of receipt by our clock
// (expected) and the time of issue by AWS's (received), as ClockTimes reads them.
const ClockCheck = "clock"

// clockDoubt is the least difference that is worth a warning.
const clockDoubt = 10 * time.Second

// ClockTimes reads the evidence of a ClockCheck.
func ClockTimes(expected, received string) (here, aws time.Time, ok bool) {
	here, ok = instant(expected)
	if !ok {
		return here, aws, false
	}
	aws, ok = instant(received)
	return here, aws, ok
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (j *judge) clockHint(t time.Time) string {
	d := t.Sub(j.e.Now).Round(time.Second)
	if d >= 0 {
		return fmt.Sprintf("The clock here is %s behind AWS's, or the message was made for later.", d)
	}
	return fmt.Sprintf("That was %s ago by the clock here.", -d)
}

// conditions judges the window in which the assertion is valid.
func (j *judge) conditions() {
	c := j.m.parsed.conditions
	if c == nil {
		j.fail("not_on_or_after", model.CauseConfirmationEmpty, "a time until which it is valid", "none", "The answer has no Conditions.")
		return
	}
	if c.notBefore != "" {
		j.notBefore("not_before", c.notBefore)
	} else {
		j.skip("not_before", "The answer names no beginning of its validity.")
	}
	end, ok := instant(c.notOnOrAfter)
	switch {
	case !ok:
		j.fail("not_on_or_after", model.CauseConfirmationEmpty, "a time until which it is valid", c.notOnOrAfter, "The answer does not say until when it is valid.")
	case end.Sub(j.e.Now) > maxValidity+j.e.ClockSkew:
		j.fail("not_on_or_after", model.CauseValidTooLong, "valid for at most "+model.Duration(maxValidity), c.notOnOrAfter, "The answer is valid for too long.")
	default:
		j.notAfter("not_on_or_after", end, c.notOnOrAfter)
	}
}

func (j *judge) notBefore(id, text string) {
	begin, ok := instant(text)
	switch {
	case !ok:
		j.fail(id, model.CauseTimeUnreadable, "a time in UTC", text, "The time cannot be read.")
	case j.e.Now.Add(j.e.ClockSkew).Before(begin):
		j.fail(id, model.CauseClockBehind, "a time before "+stamp(j.e.Now), text, j.clockHint(begin))
	default:
		j.pass(id, "before "+stamp(j.e.Now), text)
	}
}

func (j *judge) notAfter(id string, end time.Time, text string) {
	if !j.e.Now.Before(end.Add(j.e.ClockSkew)) {
		j.fail(id, model.CauseAnswerOld, "a time after "+stamp(j.e.Now), text, j.clockHint(end))
		return
	}
	j.pass(id, "after "+stamp(j.e.Now), text)
}

// session judges how long the person may stay signed in.
func (j *judge) session() {
	if len(j.m.parsed.authn) == 0 {
		j.fail("session", model.CauseTimeUnreadable, "a statement how the person signed in", "none", "The answer does not say that the person signed in.")
		return
	}
	for _, a := range j.m.parsed.authn {
		if _, ok := instant(a.instant); !ok {
			j.fail("session", model.CauseTimeUnreadable, "a time in UTC", a.instant, "The answer does not say readably when the person signed in.")
			return
		}
		if a.notOnOrAfter == "" {
			continue
		}
		end, ok := instant(a.notOnOrAfter)
		if !ok {
			j.fail("session", model.CauseTimeUnreadable, "a time in UTC", a.notOnOrAfter, "The end of the session cannot be read.")
			return
		}
		// Without tolerance: a session that is over by our clock could not begin.
		if !j.e.Now.Before(end) {
			j.fail("session", model.CauseSessionOver, "a time after "+stamp(j.e.Now), a.notOnOrAfter, "The session at AWS is over. "+j.clockHint(end))
			return
		}
	}
	j.pass("session", "", j.m.parsed.authn[0].notOnOrAfter)
}
