package awssim

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestStateSurvivesRestart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "folder", "aws.yaml")
	s := newSimWith(t, Options{StateFile: file})
	app, err := s.AddApplication(StandardApplication("Postern", testACS, testAudience))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.UpdateApplication(app.ID, func(a *Application) {
		a.SessionDuration = 90 * time.Minute
		a.Faults = map[Fault]Mode{FaultExpired: Once}
		a.RelayState = "a: 'b' #\n- c"
	}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("mode of the state file %o, want 600", mode)
	}
	again := newSimWith(t, Options{StateFile: file})
	if !reflect.DeepEqual(again.Settings(), s.Settings()) {
		t.Errorf("got\n%+v\nwant\n%+v", again.Settings(), s.Settings())
	}
	if got, want := string(again.Metadata(app.ID)), string(s.Metadata(app.ID)); got != want || got == "" {
		t.Errorf("metadata\n%s\nwant\n%s", got, want)
	}
	if entries, err := os.ReadDir(filepath.Dir(file)); err != nil || len(entries) != 1 {
		t.Errorf("%d files in the folder (%v), want the state file alone", len(entries), err)
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	absent := filepath.Join(folder, "absent.yaml")
	s, err := Load(absent)
	if err != nil || !reflect.DeepEqual(s, Defaults()) {
		t.Errorf("absent file: %+v, %v", s, err)
	}
	if _, err := os.Stat(absent); err == nil {
		t.Error("Load made a file")
	}
	for name, c := range map[string]struct{ text, problem string }{
		"part":        {"region: eu-west-1\n", ""},
		"unknown key": {"regoin: eu-west-1\n", "regoin"},
		"not YAML":    {"region: [\n", "settings"},
	} {
		file := filepath.Join(folder, strings.ReplaceAll(name, " ", "-"))
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Load(file)
		switch {
		case c.problem == "" && (err != nil || s.Region != "eu-west-1" || len(s.People) != 5):
			t.Errorf("%s: %+v, %v", name, s, err)
		case c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)):
			t.Errorf("%s: error %v, want one about %s", name, err, c.problem)
		}
	}
}

func TestInvalidSettingsChangeNothing(t *testing.T) {
	t.Parallel()
	s, app := newSim(t)
	before := s.Settings()
	for name, change := range map[string]func(*Settings){
		"region":                func(c *Settings) { c.Region = "nowhere" },
		"account":               func(c *Settings) { c.Account = "1" },
		"two people":            func(c *Settings) { c.People = append(c.People, Person{Username: "ALICE"}) },
		"two groups":            func(c *Settings) { c.Groups = append(c.Groups, Group{Name: "Engineers"}) },
		"no such group":         func(c *Settings) { c.People[0].Groups = []string{"Nobody"} },
		"ACS of another scheme": func(c *Settings) { c.application(app.ID).ACS = "javascript:alert(1)" },
		"Subject format":        func(c *Settings) { c.application(app.ID).Subject.Format = "kerberos" },
		"attribute format":      func(c *Settings) { c.application(app.ID).Attributes[0].Format = "emailAddress" },
		"no certificate active": func(c *Settings) { c.application(app.ID).Certificates[0].Active = false },
		"session too long":      func(c *Settings) { c.application(app.ID).SessionDuration = 13 * time.Hour },
		"control character":     func(c *Settings) { c.People[0].Username = "a\x00" },
	} {
		if err := s.UpdateSettings(change); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if !reflect.DeepEqual(s.Settings(), before) {
			t.Fatalf("%s: the settings changed", name)
		}
	}
}

func TestIdentifiers(t *testing.T) {
	t.Parallel()
	c := Defaults()
	if got := c.pathID("ins-0123456789abcdef"); got != "MTIzNDU2Nzg5MDEyX2lucy0wMTIzNDU2Nzg5YWJjZGVm" {
		t.Errorf("path %s", got)
	}
	c.Region = "cn-north-1"
	if got := c.entityID("ins-0123456789abcdef"); !strings.HasPrefix(got, "https://portal.sso.cn-north-1.amazonaws.com.cn/saml/assertion/") {
		t.Errorf("entity ID in China %s", got)
	}
}
