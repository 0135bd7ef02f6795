package awssim

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// Refusal is AWS's own "no": a page or JSON that the person sees at AWS, while
// the application gets nothing.
type Refusal struct {
	Status  int
	Message string // in AWS's words, for example "No access"
	Why     string // in ours; AWS does not tell
}

func (r *Refusal) Error() string { return r.Message + ": " + r.Why }

func refuse(message, why string, args ...any) *Refusal {
	return &Refusal{Status: http.StatusForbidden, Message: message, Why: fmt.Sprintf(why, args...)}
}

func noAccess(why string, args ...any) *Refusal { return refuse("No access", why, args...) }

func badInput(err error) *Refusal {
	return &Refusal{Status: http.StatusBadRequest, Message: "Bad input", Why: err.Error()}
}

// SignIn signs a person in to an application, as their browser would, and
// returns the message to post. RequestXML is the application's AuthnRequest;
// empty stands for a click on the tile, whose RelayState is the configured
// one whatever the argument says. A refusal by AWS is a *Refusal.
func (s *Simulator) SignIn(applicationID, username, requestXML, relayState string) (*Message, error) {
	var request *authnRequest
	if requestXML != "" {
		var err error
		if request, err = parseRequestXML([]byte(requestXML)); err != nil {
			return nil, badInput(err)
		}
	}
	return s.signIn(applicationID, username, request, relayState)
}

func (s *Simulator) signIn(applicationID, username string, request *authnRequest, relayState string) (*Message, error) {
	i, err := s.prepare(applicationID, username, request, relayState)
	if err != nil {
		return nil, err
	}
	if i.faults[FaultNoAccess] {
		return nil, noAccess("The fault \"No access\" is switched on.")
	}
	m, err := i.message()
	if err != nil {
		return nil, err
	}
	if len(m.XML) > maxMessage && !i.faults[FaultTooLarge] {
		return nil, refuse("An unexpected error has occurred",
			"The response has %d characters; AWS's quota is %d. Map fewer attributes, or put the person into fewer groups.", len(m.XML), maxMessage)
	}
	s.mu.Lock()
	s.last[applicationID] = m
	s.mu.Unlock()
	return m, nil
}

// prepare runs AWS's checks and collects what the message is made of. Faults
// that are on for one sign-in are off afterwards.
func (s *Simulator) prepare(applicationID, username string, request *authnRequest, relayState string) (*issue, error) {
	settings := s.Settings()
	app, person := settings.application(applicationID), settings.person(username)
	if app == nil {
		return nil, fmt.Errorf("%w application %s", ErrUnknown, applicationID)
	}
	if person == nil {
		return nil, fmt.Errorf("%w person %s", ErrUnknown, username)
	}
	i := &issue{settings: settings, app: app, person: person, relayState: app.RelayState, now: s.now()}
	if request == nil {
		request = &authnRequest{Issuer: app.Audience}
	} else {
		i.relayState = relayState
	}
	i.inResponse = request.ID
	if refusal := app.checkRequest(request); refusal != nil {
		return nil, refusal
	}
	switch {
	case person.Disabled:
		return nil, noAccess("%s is disabled in IAM Identity Center.", person.Username)
	case !app.assigned(person):
		return nil, noAccess("%s is not assigned to the application, neither directly nor as a member of an assigned group.", person.Username)
	case i.subjectValue() == "":
		return nil, noAccess("Subject is mapped to %s, and %s has no such value.", app.Subject.Source, person.Username)
	}
	var err error
	if i.faults, err = s.takeFaults(applicationID); err != nil {
		return nil, err
	}
	if i.signer, err = s.signerFor(app, i.faults); err != nil {
		return nil, err
	}
	s.mu.Lock()
	i.previous = s.last[applicationID]
	s.mu.Unlock()
	return i, nil
}

// takeFaults returns the faults in force and switches those for one sign-in off.
func (s *Simulator) takeFaults(applicationID string) (map[Fault]bool, error) {
	app := s.Application(applicationID)
	if app == nil {
		return nil, fmt.Errorf("%w application %s", ErrUnknown, applicationID)
	}
	taken := map[Fault]bool{}
	if !slices.Contains(slices.Collect(maps.Values(app.Faults)), Once) {
		for f := range app.Faults {
			taken[f] = true
		}
		return taken, nil // nothing to write down
	}
	err := s.UpdateApplication(applicationID, func(a *Application) {
		for f, m := range a.Faults {
			taken[f] = true
			if m == Once {
				delete(a.Faults, f)
			}
		}
	})
	return taken, err
}

func (s *Simulator) signerFor(app *Application, faults map[Fault]bool) (*signer, error) {
	certificate, err := app.active()
	if err != nil {
		return nil, err
	}
	if faults[FaultCertificateUnknown] {
		if certificate, err = s.foreignCertificate(); err != nil {
			return nil, err
		}
	}
	if faults[FaultSignatureAlgorithm] {
		certificate.Algorithm = SHA1
	}
	return certificate.signer()
}

// foreignCertificate is one that looks like AWS's and belongs to no application.
func (s *Simulator) foreignCertificate() (Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.foreign == nil {
		// Not s.newKey: that may give every application the same key.
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return Certificate{}, fmt.Errorf("make a key: %w", err)
		}
		c, err := newCertificate(key, SHA256, s.now(), defaultMonths)
		if err != nil {
			return Certificate{}, err
		}
		s.foreign = &c
	}
	return *s.foreign, nil
}
