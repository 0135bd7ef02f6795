package sso

import (
	"fmt"

	"github.com/postern-sso/postern/internal/model"
)

// Cause is one thing that leads to a refusal, and what there is to do about it.
// The tables of reasons are the only source of these words.
type Cause struct {
	ID       model.Cause
	Code     model.Code    // that it belongs to
	Happened string        // in one sentence
	Fix      string        // what to do
	Who      string        // who can do it
	Where    string        // the screen of AWS, or the page here
	Field    *AWSField     // the one field of the AWS console that mends it, where there is one
	Alike    bool          // what was expected and what came are of one kind, and can be compared letter by letter
	Claimed  bool          // what came is what an unverified answer says of itself
	Person   string        // what the person can do; empty: nothing, trying again does not help
	Cure     Cure          // what a button can do about it
	Step     string        // of the setup, that the cure leads to
	Possible []Possibility // likely ones first, where Postern cannot know
}

// Retry tells whether starting again can help the person.
func (c Cause) Retry() bool { return c.Person != "" }

// Cure is what a button beside a cause does, after it has shown what that is.
type Cure string

// The cures. None is empty.
const (
	CureLink     Cure = "link"        // the AWS person to the user who has the username
	CureAdd      Cure = "add"         // the person as a user
	CureTrust    Cure = "trust"       // the certificate that signed, or bring AWS's
	CureDomain   Cure = "domain"      // allow the email domain
	CureActivate Cure = "activate"    // the user
	CureStep     Cure = "step"        // open the step of the setup
	CureOpen     Cure = "connections" // open the connection's page
)

// OfPerson tells whether a cure is for one person, and not for everybody who meets
// the cause.
func (c Cure) OfPerson() bool { return c == CureLink || c == CureAdd || c == CureActivate }

// Possibility is one thing that may have gone wrong and how to find out.
type Possibility struct{ Title, Check string }

// Neighborhood is what is known next to a refusal. The zero value knows
// nothing.
type Neighborhood struct {
	OthersBrought int    // how many of the newest logins of the connection brought the attribute that is missing
	OthersRead    int    // of how many that were looked at
	Requested     string // the NameID format that the connection's requests ask for, as AWS writes it
}

// CauseOf is the cause of a refusal, as far as the answer and what is known
// next to it tell.
func CauseOf(r model.Refusal, n Neighborhood) Cause {
	id := r.Cause
	if id == model.CauseAttributeAbsent && n.OthersBrought > 0 {
		id = model.CauseAttributeOfPerson
	}
	reason := Explain(r.Code)
	for _, c := range reason.Causes {
		if c.ID == id {
			return c
		}
	}
	return reason.Cause
}

// Settle writes into a refusal what is known next to it: its cause, for good,
// and the evidence that led to it.
func Settle(r *model.Refusal, n Neighborhood) {
	switch r.Cause = CauseOf(*r, n).ID; {
	case r.Cause == model.CauseAttributeOfPerson:
		r.Detail = fmt.Sprintf("AWS did not send the attribute %q. It brought it for %s of the last %s logins of other people.", r.Expected,
			model.Number(n.OthersBrought), model.Number(n.OthersRead))
	case r.Cause == model.CauseAttributeAbsent && n.OthersRead > 0:
		r.Detail += fmt.Sprintf(" Nobody else's answer had it either, of the last %d.", n.OthersRead)
	case r.Cause == model.CauseStatusNameID && n.Requested != "":
		r.Detail = claimed + "that its status is " + r.Received + ". The connection asks for the format below."
		r.Expected, r.Received = n.Requested, ""
	}
}

// WantsNeighbors is the name of the attribute whose history decides the cause
// of a refusal; empty where none does.
func WantsNeighbors(r model.Refusal) string {
	if r.Code == model.CodeAttributeMissing && r.Cause == model.CauseAttributeAbsent {
		return r.Expected
	}
	return ""
}

// Causes are all causes of all codes, in the order of the codes.
func Causes() []Cause {
	var all []Cause
	for _, code := range model.Codes {
		all = append(all, Explain(code).Causes...)
	}
	return all
}

// codes is the code of every cause.
var codes = func() map[model.Cause]model.Code {
	all := map[model.Cause]model.Code{}
	for code, r := range reasons {
		for _, c := range r.Causes {
			all[c.ID] = code
		}
	}
	return all
}()

// CodeOf is the code that a cause belongs to, and whether refusals with that code
// that name no cause are of this one.
func CodeOf(cause model.Cause) (code model.Code, usual, known bool) {
	code, known = codes[cause]
	return code, known && Explain(code).ID == cause, known
}

// Refuse makes a refusal of a cause, with its code and what is particular to the
// case.
func Refuse(cause model.Cause, expected, received, detail string) *model.Refusal {
	return &model.Refusal{Code: codes[cause], Cause: cause, Expected: expected, Received: received, Detail: detail}
}

// NotOpen is the refusal of a login through a connection that is closed; of the
// zero value, where there is none.
func NotOpen(c model.Connection) *model.Refusal {
	switch {
	case c.Slug == "":
		return Refuse(model.CauseConnectionUnknown, "", "", "")
	case c.Status == model.StatusSuspended:
		return Refuse(model.CauseConnectionSuspended, "", "", "")
	}
	return Refuse(model.CauseConnectionDraft, "", "", "")
}

// Failed is a check with the evidence of a refusal.
func Failed(c model.Check, r *model.Refusal) model.Check {
	title := c.Title
	c = failed(c.ID, r)
	c.Title = title
	return c
}
