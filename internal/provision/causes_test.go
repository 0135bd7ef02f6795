package provision_test

import (
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/provision"
)

// Each reason to keep somebody out names its own cause: the remedies differ.
func TestCausesOfUsers(t *testing.T) {
	t.Parallel()
	inactive := anaUser()
	inactive.Active = false
	other := &model.Identity{ID: 8, UserID: "u-ana", Connection: "aws", IdPEntityID: idp, NameID: "somebody.else", ExternalID: "id-9"}
	for want, change := range map[model.Cause]func(*provision.Input){
		model.CauseNotAllowed:        func(in *provision.Input) { in.Known.ByUsername = anaUser() },
		model.CauseLinkedElsewhere:   func(in *provision.Input) { in.Known.ByUsername, in.Known.UsernameIdentity = anaUser(), other },
		model.CauseConsentEnded:      consented(func(in *provision.Input) { in.Known.Consent.Why, in.Known.Consent.EndsAt = model.ConsentLinkAnew, now }),
		model.CauseAdministers:       consented(func(in *provision.Input) { in.Known.Administers = true }),
		model.CauseStableID:          consented(func(in *provision.Input) { in.Known.StableIDOf = "u-bob" }),
		model.CauseUserUnknown:       byHand,
		model.CauseUsersNotCreated:   func(in *provision.Input) { in.Config.JIT.Create = false },
		model.CauseUserDeactivated:   func(in *provision.Input) { known(in); in.Known.ByIdentity = inactive },
		model.CauseDomain:            func(in *provision.Input) { in.Config.JIT.AllowedEmailDomains = []string{"example.net"} },
		model.CauseProvisioningUnset: func(in *provision.Input) { in.Config.Provisioning = "" },
		model.CauseNoEmail: func(in *provision.Input) {
			in.Config.JIT.AllowedEmailDomains, in.Person.Email = []string{"example.net"}, ""
		},
	} {
		if r := provision.Decide(setup(change)).Refusal; r == nil || r.Cause != want {
			t.Errorf("%+v, want %s", r, want)
		}
	}
}

// consented is a user whom an administrator allowed to link, with a change.
func consented(change func(*provision.Input)) func(*provision.Input) {
	return func(in *provision.Input) {
		in.Known.ByUsername = anaUser()
		in.Known.Consent = &model.Consent{UserID: "u-ana", UsernameKey: model.Key("ana"), Why: model.ConsentMade, GivenBy: "olga", GivenAt: now}
		change(in)
	}
}
