package awssim

import (
	"fmt"
	"net/http"
	"net/url"
)

// maxKept bounds what is kept of browsers: AuthnRequests that wait for a
// sign-in, and sessions.
const maxKept = 1000

// pending is a sign-in that a browser asked for.
type pending struct {
	applicationID string
	request       *authnRequest // nil when AWS starts the sign-in
	relayState    string
}

// byPath finds the application of a SAML address.
func (s *Simulator) byPath(r *http.Request) (*Application, error) {
	c := s.Settings()
	for i := range c.Applications {
		if c.pathID(c.Applications[i].ID) == r.PathValue("x") {
			return &c.Applications[i], nil
		}
	}
	return nil, fmt.Errorf("%w application", ErrUnknown)
}

// getMetadata serves the metadata file to everybody, as AWS does.
func (s *Simulator) getMetadata(w http.ResponseWriter, r *http.Request) error {
	app, err := s.byPath(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	if r.URL.Query().Has("download") {
		w.Header().Set("Content-Disposition", `attachment; filename="`+app.ID+`-metadata.xml"`)
	}
	_, err = w.Write(s.Metadata(app.ID))
	return err
}

// federate is the sign-in URL: with an AuthnRequest by either binding, or
// without one, which is a sign-in that AWS starts.
func (s *Simulator) federate(w http.ResponseWriter, r *http.Request) error {
	app, err := s.byPath(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return badInput(err)
	}
	p := pending{applicationID: app.ID, relayState: r.Form.Get("RelayState")}
	if parameter := r.Form.Get("SAMLRequest"); parameter != "" {
		if p.request, err = parseRequest(parameter, r.Method != http.MethodPost); err != nil {
			return badInput(err)
		}
		if refusal := app.checkRequest(p.request); refusal != nil {
			return refusal
		}
	}
	if r.Method == http.MethodPost {
		// A browser keeps our cookie back on a post from another site. The
		// redirect lets it come with the cookie.
		return seeOther(w, r, "/saml/continue/"+s.postpone(p))
	}
	return s.finish(w, r, p)
}

// postpone stores a request until its sender has signed in.
func (s *Simulator) postpone(p pending) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return keep(s.pending, p)
}

// keep stores a value under a new random key, and drops any others that are
// too many.
func keep[V any](m map[string]V, value V) string {
	for key := range m {
		if len(m) < maxKept {
			break
		}
		delete(m, key)
	}
	key := newUUID()
	m[key] = value
	return key
}

// federateLater goes on with a request that came by POST.
func (s *Simulator) federateLater(w http.ResponseWriter, r *http.Request) error {
	s.mu.Lock()
	p, ok := s.pending[r.PathValue("pending")]
	s.mu.Unlock()
	if !ok {
		return errNotFound
	}
	return s.finish(w, r, p)
}

// finish sends the person's browser on with a message, after they have signed in.
func (s *Simulator) finish(w http.ResponseWriter, r *http.Request, p pending) error {
	person := s.signedIn(r)
	if person == nil {
		return seeOther(w, r, "/signin?continue="+url.QueryEscape(r.URL.RequestURI()))
	}
	m, err := s.signIn(p.applicationID, person.Username, p.request, p.relayState)
	if err != nil {
		return err
	}
	s.deliver(w, r, p.applicationID, m)
	return nil
}

// delivery is what the page shows that posts a message.
type delivery struct {
	*Message
	Application *Application
}

// deliver answers with the form that posts the message to the application.
func (s *Simulator) deliver(w http.ResponseWriter, r *http.Request, applicationID string, m *Message) {
	app := s.Application(applicationID)
	s.render(w, r, http.StatusOK, "deliver", view{Title: "Signing in to " + app.Name, Data: delivery{m, app}})
}

// logout is the sign-out URL: it leads to the access portal, answers no
// LogoutRequest, and leaves the person signed in, as observed at AWS.
func (s *Simulator) logout(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.byPath(r); err != nil {
		return err
	}
	http.Redirect(w, r, "/start", http.StatusFound)
	return nil
}
