package awssim

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// Settings is everything that the simulator knows, as its YAML file holds it.
type Settings struct {
	Region        string        `yaml:"region"`         // for example us-east-1
	Account       string        `yaml:"account"`        // 12 digits
	IdentityStore string        `yaml:"identity_store"` // d- and 10 hexadecimal digits
	People        []Person      `yaml:"people"`
	Groups        []Group       `yaml:"groups"`
	Applications  []Application `yaml:"applications,omitempty"`
	// StoreFaults are the errors that the Identity Store API answers with.
	StoreFaults map[StoreFault]Mode `yaml:"identity_store_faults,omitempty"`
	// DeniedActions are what the policy of the caller of the APIs lacks, as in
	// identitystore:ListUsers.
	DeniedActions []string `yaml:"denied_actions,omitempty"`
	// OlderAnswers leaves out what AWS added to the answers since 2025: UserStatus,
	// ARNs, Revision, extensions.
	OlderAnswers bool `yaml:"older_answers,omitempty"`
	// Roles are what the test key may assume.
	Roles []Role `yaml:"roles,omitempty"`
}

// Person is somebody in the Identity Store.
type Person struct {
	ID         string   `yaml:"id,omitempty"` // UserId; made when empty
	Username   string   `yaml:"username"`     // unique, without regard to case
	GivenName  string   `yaml:"given_name,omitempty"`
	MiddleName string   `yaml:"middle_name,omitempty"`
	FamilyName string   `yaml:"family_name,omitempty"`
	Email      string   `yaml:"email,omitempty"` // the primary email address
	Disabled   bool     `yaml:"disabled,omitempty"`
	Groups     []string `yaml:"groups,omitempty"` // names
	// ExternalIDs are the person's ids at where AWS has them from; none for people
	// who were made in AWS itself.
	ExternalIDs []ExternalID `yaml:"external_ids,omitempty"`
	Title       string       `yaml:"title,omitempty"`
	// Enterprise are the attributes that clients have to ask for: department,
	// costCenter, employeeNumber and so on.
	Enterprise map[string]string `yaml:"enterprise,omitempty"`
}

// Role is an IAM role that trusts whoever knows its external id.
type Role struct {
	ARN        string `yaml:"arn"`
	ExternalID string `yaml:"external_id"`
}

// ExternalID is what somebody, or a group, is called where AWS has them from.
type ExternalID struct {
	Issuer string `yaml:"issuer" json:"Issuer"` // for example https://scim.aws.com/ and 36 letters
	ID     string `yaml:"id" json:"Id"`
}

// DisplayName is given name and family name, or the username without them.
func (p Person) DisplayName() string {
	if n := strings.TrimSpace(p.GivenName + " " + p.FamilyName); n != "" {
		return n
	}
	return p.Username
}

// Group is a group of the Identity Store. AWS sends its ID, never its name.
type Group struct {
	ID          string       `yaml:"id,omitempty"` // made when empty
	Name        string       `yaml:"name"`         // unique
	Description string       `yaml:"description,omitempty"`
	ExternalIDs []ExternalID `yaml:"external_ids,omitempty"` // as a person's
}

// Application is a customer managed SAML 2.0 application.
type Application struct {
	ID              string         `yaml:"id,omitempty"` // ins- and 16 hexadecimal digits; made when empty
	Name            string         `yaml:"name"`         // Display name
	Description     string         `yaml:"description,omitempty"`
	Draft           bool           `yaml:"draft,omitempty"` // "Add application" was begun and not submitted
	StartURL        string         `yaml:"start_url,omitempty"`
	RelayState      string         `yaml:"relay_state,omitempty"`
	SessionDuration time.Duration  `yaml:"session_duration,omitempty"` // one hour when zero
	ACS             string         `yaml:"acs,omitempty"`              // Application ACS URL
	Audience        string         `yaml:"audience,omitempty"`         // Application SAML audience
	Subject         Mapping        `yaml:"subject,omitempty"`          // its Name stays empty
	Attributes      []Mapping      `yaml:"attributes,omitempty"`
	AssignedPeople  []string       `yaml:"assigned_people,omitempty"` // usernames
	AssignedGroups  []string       `yaml:"assigned_groups,omitempty"` // names
	OpenToAll       bool           `yaml:"open_to_all,omitempty"`     // "Do not require assignments"
	EmptyAttributes bool           `yaml:"empty_attributes,omitempty"`
	Certificates    []Certificate  `yaml:"certificates,omitempty"` // one or two, one of them active
	Faults          map[Fault]Mode `yaml:"faults,omitempty"`
}

// Mapping is a row of "Edit attribute mappings".
type Mapping struct {
	Name   string `yaml:"name,omitempty"` // User attribute in the application
	Source string `yaml:"source"`         // literal text with variables such as ${user:email}
	Format string `yaml:"format"`         // last part of the format's name: unspecified, basic, emailAddress, …
}

// Defaults are the settings without a file: five people, two groups, and no
// application, because adding one is what there is to try.
func Defaults() *Settings {
	return &Settings{
		Region: "us-east-1", Account: "123456789012", IdentityStore: "d-9067a1b2c3",
		People: []Person{
			{ID: "a4d8f4c8-5031-70d1-3a2e-0b6c8f1d2e01", Username: "alice", GivenName: "Alice", FamilyName: "Example",
				Email: "alice@example.com", Groups: []string{"Administrators", "Engineers"}},
			{ID: "a4d8f4c8-5031-70d1-3a2e-0b6c8f1d2e02", Username: "bob", GivenName: "Bob", FamilyName: "Builder",
				Email: "bob@example.com", Groups: []string{"Engineers"}},
			{ID: "a4d8f4c8-5031-70d1-3a2e-0b6c8f1d2e03", Username: "carol", GivenName: "Carol", FamilyName: "Nomail",
				Groups: []string{"Engineers"}},
			{ID: "a4d8f4c8-5031-70d1-3a2e-0b6c8f1d2e04", Username: "dave", GivenName: "Dave", FamilyName: "Outside",
				Email: "dave@example.com"},
			{ID: "a4d8f4c8-5031-70d1-3a2e-0b6c8f1d2e05", Username: "erin", GivenName: "Erin", FamilyName: "O’Nuallán",
				Email: "erin@example.com", Groups: []string{"Engineers"}},
		},
		Groups: []Group{
			{ID: "64d84438-b0c1-708c-f431-91ece2abb39a", Name: "Administrators", Description: "Run the systems"},
			{ID: "14588468-9051-7063-d632-5c1f3ad7e2b0", Name: "Engineers", Description: "Build the product"},
		},
	}
}

// StandardApplication is an application set up as most people set one up:
// Subject and the attributes firstName, lastName, email, userId and groups
// mapped, and the group Engineers assigned. Give it to AddApplication.
func StandardApplication(name, acs, audience string) Application {
	return Application{
		Name: name, ACS: acs, Audience: audience,
		Subject: Mapping{Source: "${user:subject}", Format: "unspecified"},
		Attributes: []Mapping{
			{Name: "email", Source: "${user:email}", Format: "unspecified"},
			{Name: "firstName", Source: "${user:givenName}", Format: "unspecified"},
			{Name: "lastName", Source: "${user:familyName}", Format: "unspecified"},
			{Name: "userId", Source: "${user:AD_GUID}", Format: "unspecified"},
			{Name: "groups", Source: "${user:groups}", Format: "unspecified"},
		},
		AssignedGroups: []string{"Engineers"},
	}
}

// Load reads a settings file. It makes nothing: a file that is absent, or an
// empty path, means Defaults, and so does each part that the file leaves out.
func Load(path string) (*Settings, error) {
	s := Defaults()
	if path == "" {
		return s, nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the simulator's settings: %w", err)
	}
	// The decoder keeps what is there when a list is absent, and replaces it otherwise.
	if err := yaml.UnmarshalWithOptions(text, s, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("read the simulator's settings %s: %w", path, err)
	}
	return s, nil
}

// save writes the file anew, readable by its owner alone because it holds keys.
func (s *Settings) save(path string) error {
	text, err := yaml.Marshal(s)
	if err != nil {
		return fmt.Errorf("write the simulator's settings: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write the simulator's settings: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("write the simulator's settings: %w", err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write the simulator's settings: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// clone shares nothing with s that either could change.
func (s *Settings) clone() *Settings {
	c := *s
	c.People = slices.Clone(s.People)
	for i := range c.People {
		c.People[i].Groups = slices.Clone(c.People[i].Groups)
		c.People[i].ExternalIDs = slices.Clone(c.People[i].ExternalIDs)
		c.People[i].Enterprise = maps.Clone(c.People[i].Enterprise)
	}
	c.Groups = slices.Clone(s.Groups)
	for i := range c.Groups {
		c.Groups[i].ExternalIDs = slices.Clone(c.Groups[i].ExternalIDs)
	}
	c.StoreFaults = maps.Clone(s.StoreFaults)
	c.DeniedActions, c.Roles = slices.Clone(s.DeniedActions), slices.Clone(s.Roles)
	c.Applications = slices.Clone(s.Applications)
	for i := range c.Applications {
		c.Applications[i] = *c.Applications[i].clone()
	}
	return &c
}

func (a *Application) clone() *Application {
	c := *a
	c.Attributes = slices.Clone(a.Attributes)
	c.AssignedPeople = slices.Clone(a.AssignedPeople)
	c.AssignedGroups = slices.Clone(a.AssignedGroups)
	c.Certificates = slices.Clone(a.Certificates)
	c.Faults = maps.Clone(a.Faults)
	return &c
}

// person finds somebody by username, in any case; nil when there is nobody.
func (s *Settings) person(username string) *Person {
	for i := range s.People {
		if strings.EqualFold(s.People[i].Username, username) {
			return &s.People[i]
		}
	}
	return nil
}

// group finds a group by name; nil when there is none.
func (s *Settings) group(name string) *Group {
	for i := range s.Groups {
		if s.Groups[i].Name == name {
			return &s.Groups[i]
		}
	}
	return nil
}

// application finds an application by ID; nil when there is none.
func (s *Settings) application(id string) *Application {
	for i := range s.Applications {
		if s.Applications[i].ID == id {
			return &s.Applications[i]
		}
	}
	return nil
}
