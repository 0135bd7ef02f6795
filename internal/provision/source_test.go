package provision_test

import (
	"strings"
	"testing"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/provision"
)

// synced is a login of somebody unknown, whom a source knows as a user of another name.
func synced(change func(*provision.Input)) provision.Input {
	in := provision.Input{Connection: "aws", Config: model.DefaultConfig("AWS"), Person: model.Person{IdPEntityID: "idp", NameID: "n", ExternalID: "stable",
		Username: "ana@aws", Email: "ana@aws.example"}}
	in.Config.Provisioning, in.Config.JIT = model.ProvisioningJIT, model.JITRules{Create: true, Update: true, ExistingUsername: model.ExistingLink}
	u := model.User{ID: "u1", Username: "ana", Email: "ana@corp.example", Active: true, Source: model.UserSynced, Home: "aws-people"}
	in.Known.BySource = &model.KnownBySource{User: u, Source: "aws-people"}
	if change != nil {
		change(&in)
	}
	return in
}

func TestASynchronizedUserIsLinkedByStableID(t *testing.T) {
	t.Parallel()
	for _, p := range []model.Provisioning{model.ProvisioningJIT, model.ProvisioningManual} {
		d := provision.Decide(synced(func(in *provision.Input) { in.Config.Provisioning = p }))
		if d.Refusal != nil || d.User.ID != "u1" || !d.LinkIdentity || d.Identity.ExternalID != "stable" || d.Action != model.UserKept || d.User.Username != "ana" {
			t.Errorf("%s: %+v", p, d)
		}
	}
	other := &model.User{ID: "u2", Username: "ana@aws", Active: true}
	for name, c := range map[string]struct {
		change func(*provision.Input)
		want   model.Cause
	}{
		"linked to somebody else": {func(in *provision.Input) { in.Known.BySource.Linked = true }, model.CauseLinkedElsewhere},
		"may use the console":     {func(in *provision.Input) { in.Known.BySource.Administers = true }, model.CauseAdministers},
		"deactivated":             {func(in *provision.Input) { in.Known.BySource.User.Active = false }, model.CauseUserDeactivated},
		"the name has another id": {func(in *provision.Input) {
			in.Known.BySource, in.Known.ByUsername, in.Known.SourceIDOf = nil, other, "x"
		}, model.CauseStableID},
		"the name is somebody else's": {func(in *provision.Input) { in.Known.ByUsername = other }, ""},
	} {
		d := provision.Decide(synced(c.change))
		if c.want == "" && (d.Refusal != nil || d.User.ID != "u1") || c.want != "" && (d.Refusal == nil || d.Refusal.Cause != c.want) {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// A login changes nothing that a source owns, and says so.
func TestALoginKeepsWhatASourceOwns(t *testing.T) {
	t.Parallel()
	d := provision.Decide(synced(nil))
	said := 0
	for _, c := range d.Changes {
		if c.What == model.ChangeKept && strings.Contains(c.Why, "owned by aws-people") {
			said++
		}
		if c.What == model.ChangeUpdated {
			t.Errorf("changed: %+v", c)
		}
	}
	if said != 2 || d.User.Email != "ana@corp.example" { // username and email
		t.Errorf("%d fields are said to be kept: %+v", said, d.Changes)
	}
}

// Rules put nobody into a group that people enter by hand only.
func TestRulesLeaveGroupsThatAreByHandOnly(t *testing.T) {
	t.Parallel()
	in := synced(func(in *provision.Input) {
		in.Known.Rules = []model.Rule{{Name: "all", Connection: "aws", Kind: model.RuleAlways, Groups: []string{"admins", "staff"}, ByHandOnly: []string{"admins"}}}
		in.Known.Memberships = []model.Membership{{UserID: "u1", Group: "admins", Source: model.MemberRule, Ref: "aws", Origin: "all"}}
	})
	d := provision.Decide(in)
	if len(d.AddGroups) != 1 || d.AddGroups[0].Group != "staff" || len(d.RemoveGroups) != 1 || d.RemoveGroups[0] != "admins" {
		t.Errorf("added %+v, removed %+v", d.AddGroups, d.RemoveGroups)
	}
	for _, c := range d.Changes {
		if c.What == model.ChangeGroupClosed && c.Name == "admins" && strings.Contains(c.Why, "by hand only") {
			return
		}
	}
	t.Errorf("nothing says why: %+v", d.Changes)
}
