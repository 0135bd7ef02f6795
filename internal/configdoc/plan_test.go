package configdoc_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/configdoc"
	"github.com/postern-sso/postern/internal/model"
)

// live is a connection as it stands after the full document was applied.
func live(t *testing.T) model.Connection {
	t.Helper()
	cfg := model.DefaultConfig("AWS IAM Identity Center")
	cfg.Provisioning = model.ProvisioningJIT
	cfg.IdPMetadata = readFile(t, "aws.xml")
	cfg.EntityID = "https://sso.example.com/saml/aws/metadata"
	cfg.Attributes = model.WizardAttributes()
	return model.Connection{Slug: "aws", Status: model.StatusLive, Live: &model.Revision{ID: 1, Number: 1, Version: 1, Config: cfg}}
}

// full is the state after the full document was applied.
func full(t *testing.T) configdoc.State {
	t.Helper()
	rule := func(name string, kind model.RuleKind, attribute, value, group string) model.Rule {
		return model.Rule{Name: name, Connection: "aws", Kind: kind, Attribute: attribute, Value: value, Groups: []string{group}}
	}
	return configdoc.State{
		Connections: []model.Connection{live(t)},
		Groups: []model.Group{
			{Name: "jira-software-users", Description: "Licensed Jira users", Members: 12},
			{Name: "jira-administrators", Description: "Jira administrators"},
		},
		Rules: []model.Rule{
			rule("everyone", model.RuleAlways, "", "", "jira-software-users"),
			rule("staff", model.RuleEmailDomain, "", "example.com", "jira-software-users"),
			rule("ops", model.RuleAttribute, "department", "Operations", "jira-administrators"),
			rule("aws-admins", model.RuleAWSGroup, "", "64d84438-b0c1-708c-f431-91ece2abb39a", "jira-administrators"),
		},
		Users: []configdoc.UserState{
			{User: model.User{Username: "alice", Email: "alice@example.com", DisplayName: "Alice Example",
				FirstName: "Alice", LastName: "Example", Active: true}, Groups: []string{"jira-administrators"}},
		},
		Apps: []model.App{
			{Slug: "jira", Kind: "oidc", Name: "Jira", Product: "other", AllGroups: true,
				RedirectURIs: []string{"https://jira.example.com/plugins/servlet/oidc/callback"}},
			{Slug: "jira-directory", Kind: "crowd", Name: "Jira user directory", Product: "other", AllGroups: true, AllowedIPs: []string{"10.0.0.5"}},
		},
		Sources: fullSources(),
	}
}

func fullSources() []model.Source {
	ad, people := model.NewSource(model.SourceLDAP), model.NewSource(model.SourceAWS)
	ad.Slug, ad.Name, ad.Groups.Map = "corp-ad", "Corporate directory", map[string]string{"Their group": "our-group"}
	ad.LDAP.URLs, ad.LDAP.Base, ad.LDAP.Users.Filter = []string{"ldaps://dc1.example.com:636"}, "DC=example,DC=com", "(mail=*)"
	people.Slug, people.Name = "the-aws-people", "AWS IAM Identity Center"
	people.AWS = model.AWSSettings{Region: "eu-central-1", IdentityStoreID: "d-1234567890", FromSurroundings: true}
	return []model.Source{ad, people}
}

// planned are the lines of a plan.
func planned(t *testing.T, document string, s configdoc.State) []string {
	t.Helper()
	changes, err := mustParse(t, document).Plan(s)
	if err != nil {
		t.Fatalf("plan: %v", err)
	}
	var lines []string
	for _, c := range changes {
		lines = append(lines, c.String())
	}
	return lines
}

func TestFullDocumentMakesEverything(t *testing.T) {
	t.Parallel()
	want := []string{
		"connection aws: create as live (without a tested login)",
		"group jira-software-users: create", "group jira-administrators: create",
		"rule everyone: create", "rule staff: create", "rule ops: create", "rule aws-admins: create",
		"user alice: create",
		"app jira: create", "app jira-directory: create",
		"source corp-ad: create", "source the-aws-people: create",
	}
	if got := planned(t, readFile(t, "full.yaml"), configdoc.State{}); !slices.Equal(got, want) {
		t.Errorf("plan:\n%s", strings.Join(got, "\n"))
	}
	if got := planned(t, readFile(t, "full.yaml"), full(t)); len(got) != 0 {
		t.Errorf("the document plans against its own result:\n%s", strings.Join(got, "\n"))
	}
}

// planCase is a document that is planned against the full state.
type planCase struct {
	document string // behind "version: 1"
	change   func(*configdoc.State)
	want     []string
}

func (tc planCase) check(t *testing.T) {
	t.Helper()
	s := full(t)
	if tc.change != nil {
		tc.change(&s)
	}
	if got := planned(t, "version: 1\n"+tc.document+"\n", s); !slices.Equal(got, tc.want) {
		t.Errorf("plan:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
	}
}

func TestPlanConnections(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]planCase{
		"nothing said, nothing changed": {document: ""},
		"one field": {
			document: "connections: [{slug: aws, clock_skew: 2m}]",
			want:     []string{"connection aws: clock_skew 3m → 2m"},
		},
		"many fields": {
			document: "connections: [{slug: aws, name: A, entity_id: \"\", allow_idp_initiated: false, name_id_format: persistent, clock_skew: 0, " +
				"require_signatures: assertion, " +
				"attributes: {email: mail}, username: {pattern: x}, jit: {create: false, allowed_email_domains: [example.com]}, provisioning: manual}]",
			want: []string{
				`connection aws: name "AWS IAM Identity Center" → A`, "connection aws: provisioning jit → manual",
				`connection aws: entity_id https://sso.example.com/saml/aws/metadata → ""`, "connection aws: allow_idp_initiated true → false",
				"connection aws: name_id_format none → persistent", "connection aws: clock_skew 3m → 0s", "connection aws: require_signatures both → assertion",
				"connection aws: attributes.email email → mail", `connection aws: username.pattern "" → x`, "connection aws: jit.create true → false",
				"connection aws: jit.allowed_email_domains [] → [example.com]",
			},
		},
		"suspended": {
			document: "connections: [{slug: aws, status: suspended}]",
			want:     []string{"connection aws: status live → suspended"},
		},
		"live from a draft": {
			document: "connections: [{slug: aws, status: live}]",
			change: func(s *configdoc.State) {
				c := &s.Connections[0]
				c.Draft, c.Live, c.Status = c.Live, nil, model.StatusDraft
			},
			want: []string{"connection aws: status draft → live (without a tested login)"},
		},
		"live from a tested draft": {
			document: "connections: [{slug: aws, status: live}]",
			change: func(s *configdoc.State) {
				c := &s.Connections[0]
				c.Draft, c.Live, c.Status = c.Live, nil, model.StatusReady
				c.Draft.TestedLogin = "login"
			},
			want: []string{"connection aws: status ready → live"},
		},
		"a tested draft that changes is a draft again": {
			document: "connections: [{slug: aws, clock_skew: 1m30s}]",
			change: func(s *configdoc.State) {
				c := &s.Connections[0]
				c.Draft, c.Live, c.Status = c.Live, nil, model.StatusReady
			},
			want: []string{"connection aws: clock_skew 3m → 1m30s", "connection aws: status ready → draft"},
		},
		"a connection goes, with its rules": {
			document: "connections: []",
			want: []string{"rule everyone: remove, with its connection aws", "rule staff: remove, with its connection aws",
				"rule ops: remove, with its connection aws", "rule aws-admins: remove, with its connection aws", "connection aws: remove"},
		},
		"metadata": {
			document: "connections: [{slug: aws, idp_metadata_file: aws.xml}]",
			change: func(s *configdoc.State) {
				s.Connections[0].Live.Config.IdPMetadata = strings.ToUpper(s.Connections[0].Live.Config.IdPMetadata)
			},
			want: []string{fmt.Sprintf("connection aws: idp_metadata (%d characters) → other content", len(live(t).Live.Config.IdPMetadata))},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.check(t)
		})
	}
}

func TestPlanGroupsRulesUsersAndApps(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]planCase{
		"a group goes, rules lose it": {
			document: "groups: [{name: jira-administrators}]",
			want: []string{"rule everyone: groups [jira-software-users] → []", "rule staff: groups [jira-software-users] → []",
				"group jira-software-users: remove, with 12 members"},
		},
		"a group is spelled in another way": {
			document: "groups: [{name: Jira-Administrators}, {name: jira-software-users, description: All}]",
			want: []string{"group jira-administrators: name jira-administrators → Jira-Administrators",
				`group jira-software-users: description "Licensed Jira users" → All`},
		},
		"rules": {
			document: "rules: [{name: everyone}, {name: STAFF, when: {aws_group: g}, groups: [jira-administrators, JIRA-software-users, jira-administrators]}, " +
				"{name: new, connection: aws, when: {always: true}}]",
			want: []string{"rule staff: name staff → STAFF", `rule staff: when "{email_domain: example.com}" → "{aws_group: g}"`,
				"rule staff: groups [jira-software-users] → [jira-administrators, JIRA-software-users]", "rule new: create", "rule ops: remove", "rule aws-admins: remove"},
		},
		"users are never removed": {document: "users: []"},
		"users": {
			document: "users: [{username: bob}, {username: Alice, active: false, display_name: A, email: \"\", groups: [jira-software-users]}]",
			want: []string{"user bob: create", "user alice: username alice → Alice", `user alice: email alice@example.com → ""`,
				`user alice: display_name "Alice Example" → A`, "user alice: active true → false",
				"user Alice: add to group jira-software-users", "user Alice: remove from group jira-administrators"},
		},
		"a user without groups keeps them":    {document: "users: [{username: alice}]"},
		"groups in another case are the same": {document: "users: [{username: alice, groups: [JIRA-Administrators]}]"},
		"apps": {
			document: "apps: [{slug: jira, redirect_uris: [\"http://localhost:2990/jira\"], start_url: \"https://jira.example.com/start\"}, " +
				"{slug: wiki, kind: oidc, name: Wiki}]",
			want: []string{"app jira: redirect_uris [https://jira.example.com/plugins/servlet/oidc/callback] → [http://localhost:2990/jira]",
				`app jira: start_url "" → https://jira.example.com/start`, "app wiki: create", "app jira-directory: remove"},
		},
		"what an app sees": {
			document: "apps: [{slug: jira, groups: [jira-software-users], connection: aws, product: jira, public: true}, {slug: jira-directory, groups: []}]",
			want: []string{`app jira: product other → jira`, `app jira: connection "" → aws`, "app jira: public false → true", "app jira: all_groups true → false",
				"app jira: groups [] → [jira-software-users]", "app jira-directory: all_groups true → false"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.check(t)
		})
	}
}

func TestDocumentDoesNotFitTheDatabase(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		document string
		want     []string
	}{
		"back to a draft":       {"connections: [{slug: aws,\n status: draft}]", []string{"line 3: connections[0].status: the connection has been live"}},
		"unknown group":         {"rules: [{name: everyone,\n groups: [ghosts]}]", []string{"line 3: rules[0].groups: group “ghosts” does not exist"}},
		"unknown group of user": {"users: [{username: alice, groups: [ghosts]}]", []string{"line 2: users[0].groups: group “ghosts” does not exist"}},
		"unknown connection":    {"rules: [{name: everyone, connection: azure}]", []string{"line 2: rules[0].connection: connection “azure” does not exist"}},
		"incomplete new rule": {"rules: [{name: new}]", []string{"line 2: rules[0]: a new rule needs its connection",
			"line 2: rules[0]: a new rule needs its condition"}},
		"a rule cannot stay": {"connections: [{slug: other}]\nrules: [{name: everyone}]",
			[]string{"line 3: rules[0]: the rule's connection “aws” is not in this document"}},
		"group of an app":    {"apps: [{slug: jira, groups: [ghosts]}]", []string{"line 2: apps[0].groups: group “ghosts” does not exist"}},
		"incomplete new app": {"apps: [{slug: new}]", []string{"line 2: apps[0]: a new app needs its kind", "line 2: apps[0]: an app needs a name"}},
		"settings of two kinds": {"apps: [{slug: jira, allowed_ips: [10.0.0.1]}]",
			[]string{"line 2: apps[0].allowed_ips: allowed_ips belong to apps of kind crowd"}},
		"a start of a directory": {"apps: [{slug: jira-directory,\n start_url: \"https://jira.example.com/\"}]",
			[]string{"line 3: apps[0].start_url: start_url belongs to apps of kind oidc"}},
		"settings of two kinds.": {"apps: [{slug: jira-directory,\n redirect_uris: [\"https://x.example.com\"]}]",
			[]string{"line 3: apps[0].redirect_uris: redirect_uris belong to apps of kind oidc"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changes, err := mustParse(t, "version: 1\n"+tc.document+"\n").Plan(full(t))
			if err == nil || changes != nil {
				t.Fatalf("plan = %v, %v", changes, err)
			}
			if got := strings.Split(err.Error(), "\n"); !slices.EqualFunc(got, tc.want, strings.HasPrefix) {
				t.Errorf("problems:\n%v\nwant:\n%s", err, strings.Join(tc.want, "\n"))
			}
		})
	}
}

func TestAConnectionIsJudgedAsAWhole(t *testing.T) {
	t.Parallel()
	_, problems := configdoc.Parse([]byte("version: 1\nconnections:\n  - slug: aws\n    username: {lowercase: true,\n      pattern: \"(\"}\n"), readTestdata)
	if len(problems) != 1 || problems[0].Line != 5 || problems[0].Path != "connections[0].username.pattern" {
		t.Errorf("when it is read: %v", problems)
	}
	_, err := mustParse(t, "version: 1\nconnections:\n  - slug: new\n    status: live\n").Plan(configdoc.State{})
	if err == nil || !strings.Contains(err.Error(), "line 3: connections[0].idp_metadata") || !strings.Contains(err.Error(), "connections[0].provisioning") {
		t.Errorf("live without metadata: %v", err)
	}
	if got := planned(t, "version: 1\nconnections: [{slug: new}]\n", configdoc.State{}); len(got) != 1 {
		t.Errorf("a draft may be incomplete: %v", got)
	}
}

func TestExportPlansNothing(t *testing.T) {
	t.Parallel()
	s := full(t)
	s.Connections = append(s.Connections, model.Connection{Slug: "draft", Status: model.StatusDraft,
		Draft: &model.Revision{Config: model.DefaultConfig("Not ready")}})
	document, err := configdoc.Export(s)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "export.golden.yaml", string(document))
	if got := planned(t, string(document), s); len(got) != 0 {
		t.Errorf("the export plans:\n%s", strings.Join(got, "\n"))
	}
	slices.Reverse(s.Connections)
	slices.Reverse(s.Groups)
	slices.Reverse(s.Rules)
	slices.Reverse(s.Apps)
	slices.Reverse(s.Sources)
	again, err := configdoc.Export(s)
	if err != nil || !bytes.Equal(again, document) {
		t.Errorf("the export depends on the order of the state: %v\n%s", err, again)
	}
	s.Apps = append(s.Apps, model.App{Slug: "narrow", Kind: "oidc", Name: "Narrow", Product: "jira", Connection: "aws", Public: true,
		Groups: []string{"jira-software-users"}},
		model.App{Slug: "blind", Kind: "crowd", Name: "Blind", Product: "other"})
	narrow, err := configdoc.Export(s)
	if err != nil {
		t.Fatal(err)
	}
	if got := planned(t, string(narrow), s); len(got) != 0 {
		t.Errorf("the export of restricted apps plans:\n%s", strings.Join(got, "\n"))
	}
	without := s
	without.Apps = nil
	if len(planned(t, string(narrow), without)) != len(s.Apps) {
		t.Error("the export does not make the apps anew")
	}
	empty, err := configdoc.Export(configdoc.State{})
	if err != nil || len(planned(t, string(empty), configdoc.State{})) != 0 {
		t.Errorf("an empty export: %v\n%s", err, empty)
	}
}

// awkward are texts that a careless writer of YAML breaks.
var awkward = []string{
	"", " ", "yes", "No", "on", "~", "null", "true", "1", "1.5", "0x1f", "1_000", "2026-11-03", "12:30:00", ".inf", "<<", "=", "a: b", "a:b", "a #b", "# x",
	" lead", "trail ", "tab\there", "\t", "line\nbreak", "block\n", "block\n  deeper\n\nlast\n", "cr\r\nlf\r\n", "  lead\nblock\n", "trail \nblock\n",
	"two\n\n", "\nfirst\n",
	"“quotes” 'a' \"b\" \\ \\n", "- x", "? x", "&a", "*a", "!t", "%d", "@a", "`b", "{a", "[a]", "a, b", "|", ">", "-", "---", "...", "é", "日本", "😀", "\u2028",
	"\ufeffx", "\u200b", "\u0085", "\x1b", "<xml a=\"b\"/>", "C:\\dir",
}

func TestEveryTextSurvivesExport(t *testing.T) {
	t.Parallel()
	for _, text := range awkward {
		s := full(t)
		cfg := &s.Connections[0].Live.Config
		cfg.Username.Replace = text
		s.Groups[0].Description = text
		s.Users[0].DisplayName = text
		s.Apps[0].Name = "x" + text
		document, err := configdoc.Export(s)
		if err != nil {
			t.Fatal(err)
		}
		d, problems := configdoc.Parse(document, readTestdata)
		if len(problems) > 0 {
			t.Errorf("%q: %v", text, problems)
			continue
		}
		if changes, err := d.Plan(s); err != nil || len(changes) > 0 {
			t.Errorf("%q came back as something else: %v %v", text, changes, err)
		}
	}
}

func TestClockSkewIsWrittenAsPeopleWriteIt(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0s", 3 * time.Minute: "3m", 90 * time.Second: "1m30s", 5 * time.Minute: "5m", 1500 * time.Millisecond: "1.5s", 30 * time.Second: "30s",
	} {
		s := full(t)
		s.Connections[0].Live.Config.ClockSkew = d
		document, err := configdoc.Export(s)
		if err != nil || !strings.Contains(string(document), "\n    clock_skew: "+want+"\n") &&
			!strings.Contains(string(document), "\n    clock_skew: \""+want+"\"\n") {
			t.Errorf("%v is not written as %s: %v", d, want, err)
		}
	}
}
