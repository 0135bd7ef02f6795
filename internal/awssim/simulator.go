package awssim

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options say how a simulator runs.
type Options struct {
	// BaseURL is where browsers reach the simulator, for example
	// http://localhost:8081. The sign-in and sign-out URLs start with it.
	BaseURL string
	// StateFile keeps settings and keys across restarts (YAML, mode 0600).
	// Empty: in memory only.
	StateFile string
	// Settings are used when the state file is absent. Nil: Defaults.
	Settings *Settings
	// Logger gets what goes wrong. Nil: nothing is logged.
	Logger *slog.Logger
	// Now is the time of issue. Nil: time.Now.
	Now func() time.Time
	// APINow is the time by which requests to the APIs are judged: clients sign with
	// their own clocks. Nil: time.Now.
	APINow func() time.Time
	// NewKey makes signing keys. Nil: a new one each time. Tests save time by
	// giving one key to all applications.
	NewKey func(bits int) (*rsa.PrivateKey, error)
}

// Simulator is a simulated AWS IAM Identity Center. Its methods may be called
// by several goroutines at once.
type Simulator struct {
	base   string
	file   string
	log    *slog.Logger
	now    func() time.Time
	apiNow func() time.Time
	newKey func(bits int) (*rsa.PrivateKey, error)
	pages  map[string]*template.Template
	routes http.Handler

	mu       sync.Mutex
	settings *Settings
	foreign  *Certificate        // signs for FaultCertificateUnknown; made when needed
	last     map[string]*Message // by application: for FaultReplayed
	sessions map[string]string   // portal sessions: token to username
	pending  map[string]pending  // AuthnRequests that came by POST and wait for a sign-in
	keys     map[string]apiKey   // temporary ones of the APIs, by their ids
}

// ErrUnknown is returned for an application, person or fault that does not exist.
var ErrUnknown = errors.New("unknown")

// New makes a simulator from the state file, or from the given settings. The
// state file is written at once, with the IDs and keys made meanwhile, and
// again after every change.
func New(o Options) (*Simulator, error) {
	s := &Simulator{
		base: strings.TrimRight(o.BaseURL, "/"), file: o.StateFile, log: o.Logger, now: o.Now, apiNow: o.APINow, newKey: o.NewKey,
		last: map[string]*Message{}, sessions: map[string]string{}, pending: map[string]pending{}, keys: map[string]apiKey{},
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.apiNow == nil {
		s.apiNow = time.Now
	}
	if s.newKey == nil {
		s.newKey = func(bits int) (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, bits) }
	}
	settings, err := initialSettings(o)
	if err != nil {
		return nil, err
	}
	s.settings = Defaults() // a valid state to change from
	if err := s.update(func(c *Settings) error { *c = *settings; return nil }); err != nil {
		return nil, err
	}
	if s.pages, err = parsePages(); err != nil {
		return nil, err
	}
	s.routes = s.newRoutes()
	return s, nil
}

func initialSettings(o Options) (*Settings, error) {
	if o.StateFile != "" {
		if exists, err := fileExists(o.StateFile); err != nil || exists {
			if err != nil {
				return nil, fmt.Errorf("read the simulator's settings: %w", err)
			}
			return Load(o.StateFile)
		}
	}
	if o.Settings != nil {
		return o.Settings.clone(), nil
	}
	return Defaults(), nil
}

// Handler serves everything: SAML endpoints, access portal, console pages and
// the APIs for AWS's SDKs.
func (s *Simulator) Handler() http.Handler { return s.routes }

// Settings returns a copy of the current settings.
func (s *Simulator) Settings() *Settings {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.settings.clone()
}

// App returns a copy of the first application, or nil when there is none.
func (s *Simulator) App() *Application {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.settings.Applications) == 0 {
		return nil
	}
	return s.settings.Applications[0].clone()
}

// Application returns a copy of an application, or nil when there is none.
func (s *Simulator) Application(id string) *Application {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.settings.application(id); a != nil {
		return a.clone()
	}
	return nil
}

// AddApplication adds an application, makes its ID and certificate where it
// has none, and returns it as it is kept.
func (s *Simulator) AddApplication(a Application) (*Application, error) {
	if a.ID == "" {
		a.ID = newApplicationID()
	}
	err := s.update(func(c *Settings) error {
		c.Applications = append(c.Applications, *a.clone())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.Application(a.ID), nil
}

// UpdateApplication changes an application. When change leaves it invalid the
// error says why, and nothing is changed.
func (s *Simulator) UpdateApplication(id string, change func(*Application)) error {
	return s.update(func(c *Settings) error {
		a := c.application(id)
		if a == nil {
			return fmt.Errorf("%w application %s", ErrUnknown, id)
		}
		change(a)
		a.ID = id
		return nil
	})
}

// RemoveApplication removes an application with its keys.
func (s *Simulator) RemoveApplication(id string) error {
	return s.update(func(c *Settings) error {
		c.Applications = slices.DeleteFunc(c.Applications, func(a Application) bool { return a.ID == id })
		return nil
	})
}

// SetFault switches a fault of an application on (Once or On) or Off.
func (s *Simulator) SetFault(id string, f Fault, m Mode) error {
	return s.UpdateApplication(id, func(a *Application) {
		if m == Off {
			delete(a.Faults, f)
			return
		}
		if a.Faults == nil {
			a.Faults = map[Fault]Mode{}
		}
		a.Faults[f] = m
	})
}

// Assign assigns a person to an application.
func (s *Simulator) Assign(id, username string) error {
	return s.UpdateApplication(id, func(a *Application) {
		if !slices.Contains(a.AssignedPeople, username) {
			a.AssignedPeople = append(a.AssignedPeople, username)
		}
	})
}

// UpdateSettings changes people, groups and everything else. When change
// leaves them invalid the error says why, and nothing is changed.
func (s *Simulator) UpdateSettings(change func(*Settings)) error {
	return s.update(func(c *Settings) error { change(c); return nil })
}

// update changes a copy, completes and checks it, writes the state file, and
// only then lets the copy take effect.
func (s *Simulator) update(change func(*Settings) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.settings.clone()
	if err := change(c); err != nil {
		return err
	}
	if err := s.complete(c); err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	if s.file != "" {
		if err := c.save(s.file); err != nil {
			return err
		}
	}
	s.settings = c
	return nil
}
