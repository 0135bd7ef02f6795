package configdoc_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/configdoc"
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store/storetest"
)

// notInDocument are the fields of which the document says nothing, and why.
var notInDocument = map[string]string{
	"Connection.ID": byDatabase, "Connection.Draft": "an export has the live revision", "Connection.CreatedAt": fact, "Connection.UpdatedAt": fact,
	"Connection.LiveSince": fact,
	"Connection.Live.ID":   byDatabase, "Connection.Live.ConnectionID": byDatabase, "Connection.Live.Number": fact, "Connection.Live.State": fact,
	"Connection.Live.Version": fact, "Connection.Live.Ticks": ofTheWizard, "Connection.Live.TestedLogin": fact, "Connection.Live.TestedAt": fact,
	"Connection.Live.Author": fact, "Connection.Live.CreatedAt": fact, "Connection.Live.UpdatedAt": fact, "Connection.Live.LiveAt": fact,
	"Connection.Live.Config.Apps": ofTheWizard, "Connection.Live.Config.DirectorySynced": ofTheWizard,
	"Connection.Live.Config.DirectorySource": ofTheWizard, "Connection.Live.Config.DirectoryInApps": ofTheWizard,
	"Connection.Live.Config.IdPMetadataURL": "the document brings the metadata itself",

	"Group.ID": byDatabase, "Group.Members": fact, "Group.CreatedAt": fact, "Group.UpdatedAt": fact,

	"Rule.ID": byDatabase, "Rule.CreatedAt": fact, "Rule.UpdatedAt": fact, "Rule.ByHandOnly": "the groups say it",
	"Rule.AWSName": "a source, or who named the group, says it",

	"Source.ID": byDatabase, "Source.Revision": fact, "Source.HasSecret": "a secret is never in it", "Source.SecretSetAt": fact,
	"Source.ApprovedFor": fact, "Source.NextIsDry": fact, "Source.NextRunAt": fact, "Source.CreatedAt": fact, "Source.UpdatedAt": fact,
	"Source.FailuresInRow": fact, "Source.LastGoodAt": fact, "Source.AWS.ExternalID": "Postern makes it",

	"User.User.ID": byDatabase, "User.User.Source": fact, "User.User.SessionEpoch": fact,
	"User.User.CreatedAt": fact, "User.User.UpdatedAt": fact, "User.User.LastLoginAt": fact,
	"User.User.Home": fact, "User.User.DeactivatedBy": fact,
}

const (
	byDatabase  = "the database makes it"
	fact        = "it is a fact"
	ofTheWizard = "only the wizard uses it"
)

// named are the fields by which a thing is known; a document cannot change them
// but in case.
var named = []string{"Connection.Slug", "Group.Name", "Rule.Name", "User.User.Username", "App.Slug", "Source.Slug", "Source.Kind"}

// otherValue are values for fields that do not take any text, or not alone.
var otherValue = map[string]func(*configdoc.State){
	"Connection.Status":                              func(s *configdoc.State) { s.Connections[0].Status = model.StatusSuspended },
	"Connection.Live.Config.Provisioning":            func(s *configdoc.State) { config(s).Provisioning = model.ProvisioningManual },
	"Connection.Live.Config.IdPMetadata":             func(s *configdoc.State) { config(s).IdPMetadata += "<!-- other -->\n" },
	"Connection.Live.Config.EntityID":                func(s *configdoc.State) { config(s).EntityID = "urn:other" },
	"Connection.Live.Config.NameIDFormat":            func(s *configdoc.State) { config(s).NameIDFormat = model.NameIDPersistent },
	"Connection.Live.Config.ClockSkew":               func(s *configdoc.State) { config(s).ClockSkew = 2 * time.Minute },
	"Connection.Live.Config.RequireSignatures":       func(s *configdoc.State) { config(s).RequireSignatures = model.SignaturesAssertion },
	"Connection.Live.Config.JIT.ExistingUsername":    func(s *configdoc.State) { config(s).JIT.ExistingUsername = model.ExistingLink },
	"Connection.Live.Config.JIT.AllowedEmailDomains": func(s *configdoc.State) { config(s).JIT.AllowedEmailDomains = []string{"example.com"} },
	"Connection.Live.Config.Username.Replace": func(s *configdoc.State) {
		config(s).Username.Pattern, config(s).Username.Replace = "x", "y"
	},
	"Rule.Connection": func(s *configdoc.State) { s.Rules[2].Connection = "second" },
	"Rule.Kind": func(s *configdoc.State) {
		s.Rules[2].Kind, s.Rules[2].Attribute, s.Rules[2].Value = model.RuleAWSGroup, "", "64d8"
	},
	"User.User.Email": func(s *configdoc.State) { s.Users[0].Email = "other@example.com" },
	"User.Groups":     func(s *configdoc.State) { s.Users[0].Groups = []string{"jira-software-users"} },
	"App.Kind": func(s *configdoc.State) {
		s.Apps[0].Kind, s.Apps[0].RedirectURIs = model.AppCrowd, []string{}
	},
	"Source.Status":               func(s *configdoc.State) { s.Sources[0].Status = model.SourcePaused },
	"Source.Interval":             func(s *configdoc.State) { s.Sources[0].Interval = time.Hour },
	"Source.Connection":           func(s *configdoc.State) { s.Sources[1].Connection = "second" },
	"Source.Groups.Mode":          func(s *configdoc.State) { s.Sources[0].Groups.Mode = model.GroupsNone },
	"Source.Groups.Map":           func(s *configdoc.State) { s.Sources[0].Groups.Map = map[string]string{"CN=Their: group": "ours"} },
	"Source.LDAP.Vendor":          func(s *configdoc.State) { s.Sources[0].LDAP.Vendor = model.VendorFreeIPA },
	"Source.LDAP.CA":              func(s *configdoc.State) { s.Sources[0].LDAP.CA = "-----BEGIN\nother\n" },
	"Source.AWS.Region":           func(s *configdoc.State) { s.Sources[1].AWS.Region = "other" },
	"Source.AWS.IdentityStoreID":  func(s *configdoc.State) { s.Sources[1].AWS.IdentityStoreID = "other" },
	"Source.AWS.RoleARN":          func(s *configdoc.State) { s.Sources[1].AWS.RoleARN = "other" },
	"Source.AWS.FromSurroundings": func(s *configdoc.State) { s.Sources[1].AWS.FromSurroundings = false },
	"Source.AWS.ReadAtLogin":      func(s *configdoc.State) { s.Sources[1].AWS.ReadAtLogin = true },
	"Source.AWS.Endpoint":         func(s *configdoc.State) { s.Sources[1].AWS.Endpoint = "other" },
	"App.Product":                 func(s *configdoc.State) { s.Apps[0].Product = "bamboo" },
	"App.RedirectURIs":            func(s *configdoc.State) { s.Apps[0].RedirectURIs = []string{"https://other.example.com/back"} },
	"App.PostLogoutURIs":          func(s *configdoc.State) { s.Apps[0].PostLogoutURIs = []string{"https://other.example.com/out"} },
	"App.StartURL":                func(s *configdoc.State) { s.Apps[0].StartURL = "https://other.example.com/start" },
	"App.AllowedIPs":              func(s *configdoc.State) { s.Apps[1].AllowedIPs = []string{"10.0.0.0/24"} },
	"App.Connection":              func(s *configdoc.State) { s.Apps[0].Connection = "second" },
	"App.Groups": func(s *configdoc.State) {
		s.Apps[0].AllGroups, s.Apps[0].Groups = false, []string{"jira-administrators"}
	},
}

func config(s *configdoc.State) *model.Config { return &s.Connections[0].Live.Config }

// leaves visits the fields of a thing that hold no further ones.
func leaves(path string, v reflect.Value, visit func(path string, leaf reflect.Value)) {
	if notInDocument[path] != "" {
		return
	}
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		visit(path, v)
		return
	}
	for i := range v.NumField() {
		leaves(path+"."+v.Type().Field(i).Name, v.Field(i), visit)
	}
}

// changeable are all fields of all things, each with a state in which it is another.
func changeable(t *testing.T, base func() configdoc.State) map[string]func(*configdoc.State) {
	t.Helper()
	changes := map[string]func(*configdoc.State){}
	for _, at := range []struct {
		name  string
		thing func(*configdoc.State) any
	}{
		{"Connection", func(s *configdoc.State) any { return &s.Connections[0] }},
		{"Group", func(s *configdoc.State) any { return &s.Groups[0] }},
		{"Rule", func(s *configdoc.State) any { return &s.Rules[2] }},
		{"User", func(s *configdoc.State) any { return &s.Users[0] }},
		{"App", func(s *configdoc.State) any { return &s.Apps[0] }},
		{"Source", func(s *configdoc.State) any { return &s.Sources[0] }},
	} {
		s := base()
		leaves(at.name, reflect.ValueOf(at.thing(&s)), func(path string, _ reflect.Value) {
			changes[path] = otherValue[path]
			if changes[path] == nil {
				changes[path] = func(s *configdoc.State) {
					leaves(at.name, reflect.ValueOf(at.thing(s)), func(p string, leaf reflect.Value) {
						if p == path {
							makeOther(t, path, leaf)
						}
					})
				}
			}
		})
	}
	if n := reflect.TypeFor[configdoc.State]().NumField(); n != 6 {
		t.Errorf("the state has %d lists; this test knows 6", n)
	}
	return changes
}

func makeOther(t *testing.T, path string, leaf reflect.Value) {
	t.Helper()
	switch {
	case leaf.Kind() == reflect.String:
		leaf.SetString("other")
	case leaf.Kind() == reflect.Int:
		leaf.SetInt(leaf.Int() + 1)
	case leaf.Kind() == reflect.Bool:
		leaf.SetBool(!leaf.Bool())
	case leaf.Type() == reflect.TypeFor[[]string]():
		leaf.Set(reflect.ValueOf([]string{"jira-software-users"}))
	default:
		t.Fatalf("%s: give otherValue a value for it, or say in notInDocument why the document has it not", path)
	}
}

// Whatever a thing has is in its export; a plan against another state names it,
// applying it brings it back, and then there is nothing left to do. A field that
// reading, planning, applying, exporting or the store forgets fails here.
func TestEveryFieldGoesThroughTheDocument(t *testing.T) {
	t.Parallel()
	st := storetest.OpenPool(t)
	apply(t, st, readFile(t, "full.yaml"))
	apply(t, st, string(document(t, withSecond(read(t, st)))))
	base := func() configdoc.State { return read(t, st) }
	original := document(t, base())
	for path, change := range changeable(t, base) {
		if slices.Contains(named, path) {
			continue
		}
		changed := base()
		change(&changed)
		doc := document(t, changed)
		if string(doc) == string(original) {
			t.Errorf("%s: the export leaves it out", path)
			continue
		}
		if path == "App.Kind" {
			apply(t, st, noApps) // an app of the other kind is another app
		}
		if lines := planned(t, string(doc), base()); len(lines) == 0 {
			t.Errorf("%s: the plan leaves it out", path)
		}
		apply(t, st, string(doc))
		got := document(t, base())
		if string(got) != string(doc) {
			t.Errorf("%s: what was applied comes back as\n%s", path, difference(string(doc), string(got)))
		}
		apply(t, st, noApps) // an export leaves out what a new app has anyway
		apply(t, st, string(original))
		if got := document(t, base()); string(got) != string(original) {
			t.Fatalf("%s cannot be brought back:\n%s", path, difference(string(original), string(got)))
		}
	}
}

const noApps = "version: 1\napps: []\n"

// withSecond has another connection, for what refers to one.
func withSecond(s configdoc.State) configdoc.State {
	s.Connections = append(s.Connections, model.Connection{Slug: "second", Status: model.StatusDraft,
		Draft: &model.Revision{Config: model.DefaultConfig("Second")}})
	return s
}

func document(t *testing.T, s configdoc.State) []byte {
	t.Helper()
	doc, err := configdoc.Export(s)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// difference are the lines that only one of two texts has.
func difference(want, got string) string {
	var out strings.Builder
	wanted, had := strings.Split(want, "\n"), strings.Split(got, "\n")
	for _, l := range wanted {
		if !slices.Contains(had, l) {
			fmt.Fprintf(&out, "- %s\n", l)
		}
	}
	for _, l := range had {
		if !slices.Contains(wanted, l) {
			fmt.Fprintf(&out, "+ %s\n", l)
		}
	}
	return out.String()
}
