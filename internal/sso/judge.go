package sso

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// Expectations is what a message is held against.
type Expectations struct {
	EntityID         string // ours; empty: the check is skipped and says so
	ACSURL           string // ours; likewise
	IdPEntityID      string
	Now              time.Time
	ClockSkew        time.Duration
	AllowUnsolicited bool            // AWS may start a login (the tile)
	Request          *PendingRequest // the request that the message came back with; nil: none
	OtherBrowser     bool            // the request was made by another browser
	NoHandle         bool            // no RelayState of ours came along, which says to which request it belongs
	Replayed         bool            // the assertion was used before
	AnyRequest       bool            // the inspector does not know the request: the check is skipped
	MeasureClock     bool            // the message arrives just now: its time of issue tells how the clocks differ
}

// PendingRequest is an AuthnRequest of ours that has not been answered.
type PendingRequest struct{ ID string }

// Identity is who signed in, as AWS says.
type Identity struct {
	NameID, NameIDFormat, Issuer, AssertionID, SessionIndex string
	IssuedAt, AuthnInstant, SessionNotOnOrAfter, ExpiresAt  time.Time
	Attributes                                              map[string][]string
	AuthnContext                                            string // how AWS says the person authenticated; may be empty
	SignedBy                                                string // fingerprint of the certificate
}

const maxNameID = 256 // SAML 2.0 core §8.3 limits persistent identifiers; AWS usernames have 128

// judge collects the checks of one message.
type judge struct {
	m       *Message
	e       Expectations
	checks  []model.Check
	refusal *model.Refusal // the first one
}

// Judge runs every check and lists each; the first that fails is the refusal.
func (m *Message) Judge(e Expectations) (*Identity, []model.Check, *model.Refusal) {
	j := &judge{m: m, e: e}
	j.issuer()
	j.destination()
	j.version()
	j.clock()
	j.replay()
	j.inResponseTo()
	j.audience()
	j.conditions()
	if j.m.parsed.subjects == 0 { // then nothing can confirm it either
		j.subject()
	}
	j.confirmation()
	j.session()
	if j.m.parsed.subjects > 0 {
		j.subject()
	}
	checks := titled(j.checks)
	if j.refusal != nil {
		return nil, checks, j.refusal
	}
	return j.identity(), checks, nil
}

func (j *judge) pass(id, expected, received string) {
	j.checks = append(j.checks, passed(id, expected, short(received)))
}

func (j *judge) skip(id, why string) { j.checks = append(j.checks, skipped(id, why)) }

func (j *judge) fail(id string, cause model.Cause, expected, received, detail string) {
	r := &model.Refusal{Code: codes[cause], Cause: cause, Expected: expected, Received: short(received), Detail: detail}
	j.checks = append(j.checks, failed(id, r))
	if j.refusal == nil {
		j.refusal = r
	}
}

// same compares without normalisation: character for character.
func (j *judge) same(id string, cause model.Cause, expected, received, detail string) {
	if expected == received {
		j.pass(id, expected, received)
		return
	}
	j.fail(id, cause, expected, received, detail)
}

func (j *judge) issuer() {
	env, want := j.m.envelope, j.e.IdPEntityID
	if env.hasIssuer && env.issuer != want {
		j.fail("issuer", model.CauseIssuersDiffer, want, env.issuer, "The Response names another issuer than AWS's metadata.")
		return
	}
	j.same("issuer", model.CauseIssuer, want, j.m.parsed.issuer, "The message is from another application, or another AWS instance.")
}

func (j *judge) destination() {
	env := j.m.envelope
	switch {
	case j.e.ACSURL == "":
		j.skip("destination", "No assertion consumer service was given to compare with.")
	case !env.trusted && !env.hasDestination:
		j.skip("destination", "The Response is not signed and names no destination.")
	case env.destination == "":
		j.fail("destination", model.CauseDestinationMissing, j.e.ACSURL, "", "The answer names no destination.")
	default:
		j.same("destination", model.CauseDestination, j.e.ACSURL, env.destination, "AWS sent the answer to another address than ours.")
	}
}

func (j *judge) replay() {
	if j.e.Replayed {
		j.fail("replay", model.CauseReplayed, "an answer that has not been used", j.m.AssertionID, "This very answer was used before.")
		return
	}
	j.pass("replay", "", j.m.AssertionID)
}

func (j *judge) inResponseTo() {
	received := j.m.InResponseTo
	envelope := j.m.envelope.inResponseTo
	switch {
	case j.e.AnyRequest:
		j.skip("in_response_to", "No request was given to compare with.")
	case received == "" && envelope == "" && (j.m.envelope.hasInResponseTo || j.anyConfirmationAnswers()):
		j.fail("in_response_to", model.CauseRequestEmpty, "the ID of a request", "an empty one", "The answer names an empty request.")
	case received == "" && j.e.AllowUnsolicited:
		j.skip("in_response_to", "AWS started this login (the tile in the access portal); this connection allows it.")
	case received == "":
		j.fail("in_response_to", model.CauseTileRefused, "an answer to a request of ours", "an answer that AWS started",
			"The person clicked the tile in the access portal, and this connection does not allow that.")
	case j.e.Request == nil && j.e.NoHandle:
		j.fail("in_response_to", model.CauseRelayStateLost, "a request that is waiting", received,
			"The answer came back without the RelayState that we had sent along. It is then looked for among the requests of the browser that brings it, "+
				"and this browser has none with that ID: it keeps no cookies, is not the one that asked, or the request is over.")
	case j.e.Request == nil:
		j.fail("in_response_to", model.CauseRequestOver, "a request that is waiting", received,
			"The request was answered before, has expired, or was never ours.")
	case received != j.e.Request.ID || envelope != received && (j.m.envelope.trusted || j.m.envelope.hasInResponseTo):
		j.requestDiffers(received, envelope)
	default:
		j.pass("in_response_to", j.e.Request.ID, received)
		j.browser()
	}
}

// requestDiffers says which of the two requests that an answer names is not ours.
func (j *judge) requestDiffers(received, envelope string) {
	detail := "The answer belongs to another request than the one that it came back with."
	if received == j.e.Request.ID {
		received = envelope
		detail = "The Assertion answers our request, and the Response around it another one, or none."
	}
	j.fail("in_response_to", model.CauseRequestOther, j.e.Request.ID, received, detail)
}

func (j *judge) anyConfirmationAnswers() bool {
	for _, c := range j.m.parsed.confirmations {
		if c.hasInResponseTo {
			return true
		}
	}
	return false
}

func (j *judge) browser() {
	if j.e.OtherBrowser {
		j.fail("browser", model.CauseOtherBrowser, "the browser that asked", "another browser",
			"The answer was posted by a browser that did not start this login, or that keeps no cookies.")
		return
	}
	j.pass("browser", "", "")
}

func (j *judge) audience() {
	c := j.m.parsed.conditions
	if j.e.EntityID == "" {
		j.skip("audience", "No entity ID was given to compare with.")
		return
	}
	if c == nil || len(c.audiences) == 0 {
		j.fail("audience", model.CauseAudienceMissing, j.e.EntityID, "no audience", "The answer does not say for whom it is.")
		return
	}
	for _, restriction := range c.audiences {
		found := false
		for _, a := range restriction {
			found = found || a == j.e.EntityID
		}
		if !found {
			cause := model.CauseAudience
			if j.e.ACSURL != "" && slices.Contains(restriction, j.e.ACSURL) {
				cause = model.CauseAudienceIsACS
			}
			j.fail("audience", cause, j.e.EntityID, strings.Join(restriction, ", "), "The answer is for somebody else.")
			return
		}
	}
	j.pass("audience", j.e.EntityID, j.e.EntityID)
}

// confirmation looks for one bearer confirmation that satisfies every
// condition by itself. When none does, the failing of the first bearer one is
// told.
func (j *judge) confirmation() {
	var bearers []confirmation
	for _, c := range j.m.parsed.confirmations {
		if c.method == methodBearer {
			bearers = append(bearers, c)
		}
	}
	if len(bearers) == 0 {
		var methods []string
		for _, c := range j.m.parsed.confirmations {
			methods = append(methods, c.method)
		}
		j.fail("confirmation", model.CauseNotBearer, methodBearer, strings.Join(methods, ", "), "The answer has no bearer confirmation.")
		return
	}
	for _, c := range bearers {
		if trial := j.tryConfirmation(c); trial.refusal == nil {
			j.checks = append(j.checks, trial.checks...)
			return
		}
	}
	trial := j.tryConfirmation(bearers[0])
	j.checks = append(j.checks, trial.checks...)
	if j.refusal == nil {
		j.refusal = trial.refusal
	}
}

func (j *judge) tryConfirmation(c confirmation) *judge {
	t := &judge{m: j.m, e: j.e}
	switch {
	case !c.hasData:
		t.fail("confirmation", model.CauseConfirmationEmpty, "data of the confirmation", "none", "The confirmation says nothing.")
		return t
	case j.e.ACSURL == "":
		t.skip("recipient", "No assertion consumer service was given to compare with.")
	case c.recipient == "":
		t.fail("recipient", model.CauseRecipientMissing, j.e.ACSURL, "", "The answer names no recipient.")
	default:
		t.same("recipient", model.CauseRecipient, j.e.ACSURL, c.recipient, "AWS made the answer for another address than ours.")
	}
	if c.inResponseTo != j.m.InResponseTo {
		t.fail("confirmation", model.CauseRequestOther, j.m.InResponseTo, c.inResponseTo, "The confirmation belongs to another request than the Response.")
		return t
	}
	end, ok := instant(c.notOnOr)
	if !ok {
		t.fail("confirmation", model.CauseConfirmationEmpty, "a time until which it is valid", c.notOnOr, "The confirmation does not say until when it is valid.")
		return t
	}
	if c.notBefore != "" {
		t.notBefore("confirmation", c.notBefore)
	}
	if end.Sub(j.e.Now) > maxValidity+j.e.ClockSkew {
		t.fail("confirmation", model.CauseValidTooLong, "valid for at most "+model.Duration(maxValidity), c.notOnOr, "The confirmation is valid for too long.")
		return t
	}
	t.notAfter("confirmation", end, c.notOnOr)
	return t
}

func (j *judge) subject() {
	a := j.m.parsed
	switch {
	case a.subjects == 0 || !a.hasNameID:
		j.fail("subject", model.CauseSubjectAbsent, "who signed in", "nothing", "The answer does not say who signed in.")
	case strings.TrimSpace(a.nameID) == "":
		j.fail("subject", model.CauseSubjectEmpty, "who signed in", "an empty name", "The answer has a subject without a value.")
	case len(a.nameID) > maxNameID:
		j.fail("subject", model.CauseSubjectTooLong, fmt.Sprintf("at most %d characters", maxNameID), a.nameID, "The subject is too long to be a name.")
	case !model.Faithful(a.nameID):
		j.fail("subject", model.CauseUsernameAmbiguous, "a name in a Unicode normal form", a.nameID,
			"The subject has a character that turns into another one when it is normalized.")
	case model.CheckExternalID(model.Canonical(a.nameID)) != nil: // where there is no stable id, it is the person's
		j.fail("subject", model.CauseUsernameAmbiguous, "a name without invisible characters", a.nameID,
			fmt.Sprintf("The subject %s.", model.CheckExternalID(model.Canonical(a.nameID))))
	default:
		j.pass("subject", "", a.nameID)
	}
}

func (j *judge) identity() *Identity {
	a := j.m.parsed
	id := &Identity{
		NameID: model.Canonical(a.nameID), NameIDFormat: a.nameIDFormat, Issuer: a.issuer, AssertionID: a.id,
		ExpiresAt: j.m.ExpiresAt, Attributes: a.attributes, SignedBy: j.m.SignedBy[len(j.m.SignedBy)-1],
		SessionIndex: a.authn[0].sessionIndex, AuthnContext: a.authn[0].context,
	}
	id.IssuedAt, _ = instant(a.issueInstant) // judged by version
	id.AuthnInstant, _ = instant(a.authn[0].instant)
	for _, s := range a.authn {
		if end, ok := instant(s.notOnOrAfter); ok && (id.SessionNotOnOrAfter.IsZero() || end.Before(id.SessionNotOnOrAfter)) {
			id.SessionNotOnOrAfter = end
		}
	}
	return id
}
