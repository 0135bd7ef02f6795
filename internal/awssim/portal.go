package awssim

import (
	"net/http"
	"net/url"
	"strings"
)

const sessionCookie = "simulated_aws_session"

// signedIn returns who is signed in to the access portal; nil when nobody is.
func (s *Simulator) signedIn(r *http.Request) *Person {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	username, ok := s.sessions[cookie.Value]
	if !ok {
		return nil
	}
	p := s.settings.person(username)
	if p == nil {
		return nil
	}
	c := *p
	return &c
}

// tile is an application as the access portal shows it.
type tile struct {
	*Application
	DeepLink string // the address of the tile, relative to the portal
}

// portal is the AWS access portal with the applications of the person.
func (s *Simulator) portal(w http.ResponseWriter, r *http.Request) error {
	person := s.signedIn(r)
	if person == nil {
		return seeOther(w, r, "/signin?continue=/start")
	}
	var tiles []tile
	settings := s.Settings()
	for i := range settings.Applications {
		if a := &settings.Applications[i]; !a.Draft && a.assigned(person) {
			tiles = append(tiles, tile{a, "/start#/saml/default/" + url.PathEscape(a.Name) + "/" + a.ID})
		}
	}
	s.render(w, r, http.StatusOK, "portal", view{Title: "AWS access portal", Section: "portal", Data: tiles})
	return nil
}

// openTile is a click on a tile: a plain GET of the start URL where there is
// one, otherwise a message straight to the ACS.
func (s *Simulator) openTile(w http.ResponseWriter, r *http.Request) error {
	app := s.Application(r.PathValue("id"))
	if app == nil {
		return errNotFound
	}
	person := s.signedIn(r)
	if app.StartURL != "" && person != nil && app.assigned(person) {
		http.Redirect(w, r, app.StartURL, http.StatusFound)
		return nil
	}
	return s.finish(w, r, pending{applicationID: app.ID})
}

// administratorMode is a click on a tile with Shift: the message is shown
// instead of sent.
func (s *Simulator) administratorMode(w http.ResponseWriter, r *http.Request) error {
	app := s.Application(r.PathValue("id"))
	if app == nil {
		return errNotFound
	}
	person := s.signedIn(r)
	if person == nil {
		return seeOther(w, r, "/signin?continue="+url.QueryEscape(r.URL.RequestURI()))
	}
	m, err := s.signIn(app.ID, person.Username, nil, "")
	if err != nil {
		return err
	}
	s.render(w, r, http.StatusOK, "adminmode", view{Title: "Administrator mode", Section: "portal", Data: delivery{m, app}})
	return nil
}

type signInPage struct {
	People   []Person
	Continue string
}

func (s *Simulator) getSignIn(w http.ResponseWriter, r *http.Request) error {
	s.render(w, r, http.StatusOK, "signin", view{Title: "Sign in", Section: "portal",
		Data: signInPage{s.Settings().People, ownPath(r.FormValue("continue"))}})
	return nil
}

// postSignIn signs the chosen person in. There is no password: that is what
// makes it a simulation.
func (s *Simulator) postSignIn(w http.ResponseWriter, r *http.Request) error {
	next := ownPath(r.FormValue("continue"))
	settings := s.Settings()
	person := settings.person(r.FormValue("username"))
	if person == nil || person.Disabled {
		s.render(w, r, http.StatusUnprocessableEntity, "signin", view{Title: "Sign in", Section: "portal",
			Problem: "Choose somebody who is enabled.", Data: signInPage{settings.People, next}})
		return nil
	}
	s.mu.Lock()
	token := keep(s.sessions, person.Username)
	s.mu.Unlock()
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: token, Path: "/", HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(s.base, "https://"),
	})
	return seeOther(w, r, next)
}

func (s *Simulator) postSignOut(w http.ResponseWriter, r *http.Request) error {
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		s.mu.Lock()
		delete(s.sessions, cookie.Value)
		s.mu.Unlock()
	}
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Path: "/", MaxAge: -1, HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(s.base, "https://")})
	return seeOther(w, r, "/signin?continue="+url.QueryEscape(ownPath(r.FormValue("continue"))))
}

// ownPath returns a path of this site, whatever it is given.
func ownPath(p string) string {
	if !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "//") || strings.ContainsAny(p, "\\\r\n\t") {
		return "/start"
	}
	return p
}
