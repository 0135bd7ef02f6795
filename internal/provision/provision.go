package provision

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// Input is everything that a decision depends on.
type Input struct {
	Connection string       // slug
	Config     model.Config // of the revision that judged the login
	Person     model.Person // what the verified response said
	Known      model.Known  // what the database knows, read with locks
	LoginID    string       // reference of the attempt; no decision depends on it
	Now        time.Time    // of the attempt; written into a new identity
}

// Decide says what the login does. A decision with a Refusal does nothing else.
// Otherwise User and Identity are as they shall be, and Changes has one entry
// for each thing done or kept, with the reason.
func Decide(in Input) model.Decision {
	d, refusal := decideUser(in)
	if refusal != nil {
		return model.Decision{Refusal: refusal}
	}
	decideIdentity(in, &d)
	decideGroups(in, &d)
	return d
}

// decideUser finds, creates or updates the user.
func decideUser(in Input) (model.Decision, *model.Refusal) {
	switch in.Config.Provisioning {
	case model.ProvisioningJIT:
		return justInTime(in)
	case model.ProvisioningManual:
		return manual(in)
	default:
		return model.Decision{}, &model.Refusal{Code: model.CodeInternal, Cause: model.CauseProvisioningUnset,
			Expected: "jit or manual", Received: string(in.Config.Provisioning),
			Detail: "The connection does not say how users are made."}
	}
}

// recognized tells whether the identity that was found is this person's. An
// identity found by its NameID whose stable id is another belongs to somebody
// else: AWS gave the NameID away again.
func recognized(in Input) bool {
	id, u := in.Known.Identity, in.Known.ByIdentity
	if id == nil || u == nil || id.UserID != u.ID || id.IdPEntityID != in.Person.IdPEntityID {
		return false
	}
	if in.Person.ExternalID != "" && id.ExternalID != "" {
		return id.ExternalID == in.Person.ExternalID
	}
	return id.NameID == in.Person.NameID
}

func justInTime(in Input) (model.Decision, *model.Refusal) {
	if recognized(in) {
		return knownUser(in, *in.Known.ByIdentity)
	}
	if d, refusal, decided := bySource(in); decided {
		return d, refusal
	}
	if r := checkEmailDomain(in); r != nil {
		return model.Decision{}, r
	}
	if in.Known.ByUsername == nil {
		return createUser(in)
	}
	d, refusal := linkExisting(in)
	if refusal != nil {
		return d, refusal
	}
	update(in, &d)
	return d, nil
}

// knownUser lets a known person in and brings the user up to date.
func knownUser(in Input, u model.User) (model.Decision, *model.Refusal) {
	if !u.Active {
		return model.Decision{}, deactivated(u)
	}
	d := model.Decision{Action: model.UserKept, User: u}
	if in.Config.Provisioning == model.ProvisioningJIT {
		update(in, &d)
	}
	return d, nil
}

func deactivated(u model.User) *model.Refusal {
	return &model.Refusal{Code: model.CodeUserDeactivated, Cause: model.CauseUserDeactivated, Expected: "an active user",
		Received: u.Username, Detail: "An administrator has deactivated this user."}
}

// checkEmailDomain holds unknown people against the allowed domains.
func checkEmailDomain(in Input) *model.Refusal {
	allowed := in.Config.JIT.AllowedEmailDomains
	domain := model.EmailDomain(in.Person.Email)
	if len(allowed) == 0 || (domain != "" && slices.ContainsFunc(allowed, func(d string) bool { return model.CanonicalDomain(d) == domain })) {
		return nil
	}
	r := &model.Refusal{Code: model.CodeEmailDomainRefused, Cause: model.CauseDomain, Expected: strings.Join(allowed, ", "), Received: domain,
		Detail: "The person is new, and only these email domains may become users."}
	if domain == "" {
		r.Cause, r.Detail = model.CauseNoEmail, "The person is new and AWS sent no email, but only some email domains may become users."
	}
	return r
}

func createUser(in Input) (model.Decision, *model.Refusal) {
	p := in.Person
	if !in.Config.JIT.Create {
		return model.Decision{}, &model.Refusal{Code: model.CodeUserUnknown, Cause: model.CauseUsersNotCreated, Expected: "a user that exists",
			Received: p.Username, Detail: "The person is new, and this connection does not create users."}
	}
	if err := model.CheckUsername(p.Username); err != nil {
		return model.Decision{}, &model.Refusal{Code: model.CodeUsernameInvalid, Cause: model.CauseUsernameUnfit, Received: p.Username,
			Detail: fmt.Sprintf("The username %v.", err)}
	}
	return model.Decision{
		Action: model.UserCreated,
		User: model.User{
			Username: p.Username, Email: p.Email, FirstName: p.FirstName, LastName: p.LastName,
			DisplayName: p.DisplayName(), Active: true, Source: model.UserJIT,
		},
		Changes: []model.Change{{What: model.ChangeCreated, Name: p.Username, To: p.Username,
			Why: "because the person was not known and this connection creates users as they sign in"}},
	}, nil
}

// manual lets in only users that exist, and changes none of their fields.
func manual(in Input) (model.Decision, *model.Refusal) {
	if recognized(in) {
		return knownUser(in, *in.Known.ByIdentity)
	}
	if d, refusal, decided := bySource(in); decided {
		return d, refusal
	}
	if in.Known.ByUsername == nil {
		return model.Decision{}, &model.Refusal{Code: model.CodeUserUnknown, Cause: model.CauseUserUnknown, Expected: "a user that exists",
			Received: in.Person.Username, Detail: "Only users that an administrator has added may sign in through this connection."}
	}
	if mayReplace(in) {
		return linkByConsent(in)
	}
	return linkByUsername(in, "because the username is the same and this is the person's first sign-in through this connection")
}

// decideIdentity makes the link between the user and the person: a new one, or
// the known one with what was learned about it.
func decideIdentity(in Input, d *model.Decision) {
	p := in.Person
	if !recognized(in) {
		d.LinkIdentity = true
		d.Identity = model.Identity{UserID: d.User.ID, Connection: in.Connection, IdPEntityID: p.IdPEntityID,
			NameID: p.NameID, ExternalID: p.ExternalID, CreatedAt: in.Now, LastLoginAt: in.Now}
		return
	}
	d.Identity = *in.Known.Identity
	if p.ExternalID != "" && d.Identity.ExternalID == "" {
		d.LinkIdentity, d.Identity.ExternalID = true, p.ExternalID
		d.Changes = append(d.Changes, model.Change{What: model.ChangeUpdated, Name: "stable id", To: p.ExternalID,
			Why: "because AWS sent it for the first time; from now on it recognizes the person"})
	}
	if d.Identity.NameID != p.NameID {
		d.Changes = append(d.Changes, model.Change{What: model.ChangeUpdated, Name: "NameID", From: d.Identity.NameID, To: p.NameID,
			Why: "because AWS sent a different one with the same stable id"})
		d.LinkIdentity, d.Identity.NameID = true, p.NameID
	}
	d.Identity.LastLoginAt = in.Now
}
