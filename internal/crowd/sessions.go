package crowd

import (
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// How long a session lasts when nobody validates it.
const (
	sessionLife    = 30 * time.Minute
	maxSessionLife = 12 * time.Hour
)

// factor is something the app says about the browser, "remote_address" mostly.
type factor struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// signIn is the body of requests about sessions and passwords.
type signIn struct {
	Username string
	Password string
	Factors  []factor
}

// readSignIn reads the body in JSON or XML.
func (c *call) readSignIn() (signIn, error) {
	body, err := io.ReadAll(c.r.Body)
	if err != nil {
		return signIn{}, err
	}
	text := strings.TrimSpace(string(body))
	switch {
	case text == "":
		return signIn{}, nil
	case isJSON(c.r.Header.Get("Content-Type"), text):
		return signInFromJSON([]byte(text))
	}
	root, err := readXML(body)
	if err != nil {
		return signIn{}, err
	}
	s := signIn{Username: root.text("username"), Password: root.text("password")}
	if root.name == "password" {
		s.Password = root.text("value")
	}
	list := root
	if root.name != "validation-factors" {
		list = root.child("validation-factors")
	}
	for _, f := range list.children {
		s.Factors = append(s.Factors, factor{f.text("name"), f.text("value")})
	}
	return s, nil
}

func signInFromJSON(body []byte) (signIn, error) {
	var w struct {
		Username string          `json:"username"`
		Password string          `json:"password"`
		Value    string          `json:"value"` // of a body that is a password and nothing else
		Nested   json.RawMessage `json:"validation-factors"`
		Factors  json.RawMessage `json:"validationFactors"`
	}
	bad := illegal("The body is not JSON as it is expected.")
	if json.Unmarshal(body, &w) != nil {
		return signIn{}, bad
	}
	list := w.Factors
	if len(w.Nested) > 0 {
		var inner struct {
			Factors json.RawMessage `json:"validationFactors"`
		}
		if json.Unmarshal(w.Nested, &inner) != nil {
			return signIn{}, bad
		}
		list = inner.Factors
	}
	s := signIn{Username: w.Username, Password: cmp.Or(w.Password, w.Value)}
	if len(list) > 0 && json.Unmarshal(list, &s.Factors) != nil {
		return signIn{}, bad
	}
	return s, nil
}

type sessionEntity struct {
	XMLName xml.Name   `xml:"session" json:"-"`
	Expand  string     `xml:"expand,attr" json:"expand"`
	Token   string     `xml:"token" json:"token"`
	User    userEntity `xml:"user" json:"user"`
	Created timestamp  `xml:"created-date" json:"created-date"`
	Expires timestamp  `xml:"expiry-date" json:"expiry-date"`
	Link    linkEntity `xml:"link" json:"link"`
}

// timestamp is ISO 8601 in XML and milliseconds since 1970 in JSON.
type timestamp time.Time

func (t timestamp) MarshalText() ([]byte, error) {
	return []byte(time.Time(t).UTC().Format("2006-01-02T15:04:05.000Z")), nil
}

func (t timestamp) MarshalJSON() ([]byte, error) {
	return strconv.AppendInt(nil, time.Time(t).UnixMilli(), 10), nil
}

// sessionEntity has the whole user: clients read the name from it, and not all
// of them ask for it to be expanded.
func (c *call) sessionEntity(token string, s model.CrowdSession) sessionEntity {
	return sessionEntity{Expand: "user", Token: token, Created: timestamp(s.CreatedAt), Expires: timestamp(s.ExpiresAt),
		User: c.wholeUser(s.User), Link: *c.link("self", "session/"+token, "", "")}
}

// createSession begins a session: for a person whom the app has signed in by
// itself, or for the service account whose password the app sends along.
func (c *call) createSession() error {
	body, err := c.readSignIn()
	if err != nil {
		return err
	}
	if body.Username == "" {
		return illegal("The username is missing.")
	}
	if c.argument("validate-password") != "false" {
		if _, err := c.checkPassword(body.Username, body.Password); err != nil {
			return err
		}
	}
	life := sessionLife
	if text := c.argument("duration"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 32)
		if err != nil || seconds < 1 {
			return illegal("The argument duration is not a number of seconds.")
		}
		life = min(time.Duration(seconds)*time.Second, maxSessionLife)
	}
	u, err := c.Store.User(c.ctx, body.Username)
	if errors.Is(err, store.ErrNotFound) || (err == nil && !u.Active) {
		return refusedPassword(body.Username, u)
	}
	if err != nil {
		return err
	}
	token := rand.Text()
	now := c.Now()
	s := model.CrowdSession{App: c.app.Slug, User: u, CreatedAt: now, ExpiresAt: now.Add(life)}
	if err := c.Store.CreateCrowdSession(c.ctx, token, digestOf(body.Factors), s); err != nil {
		return err
	}
	c.w.Header().Set("Location", c.url("session/"+token, "", ""))
	return c.answer(http.StatusCreated, c.sessionEntity(token, s))
}

// digestOf is the hash of validation factors, whatever their order.
func digestOf(factors []factor) []byte {
	sorted := slices.Clone(factors)
	slices.SortFunc(sorted, func(a, b factor) int { return strings.Compare(a.Name+"\n"+a.Value, b.Name+"\n"+b.Value) })
	h := sha256.New()
	for _, f := range sorted {
		fmt.Fprintf(h, "%q=%q\n", f.Name, f.Value)
	}
	return h.Sum(nil)
}

// findSession is the session of the token in the address.
func (c *call) findSession() (string, model.CrowdSession, []byte, error) {
	token := chi.URLParam(c.r, "token")
	s, factors, err := c.Store.CrowdSession(c.ctx, token, c.Now())
	return token, s, factors, orElse(err, fail(http.StatusNotFound, reasonSession, "The session token is unknown or has expired."))
}

func (c *call) session() error {
	token, s, _, err := c.findSession()
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, c.sessionEntity(token, s))
}

// validateSession tells whether a session is good in the browser that the app
// describes, and gives it more time, up to maxSessionLife in all.
func (c *call) validateSession() error {
	body, err := c.readSignIn()
	if err != nil {
		return err
	}
	token, s, factors, err := c.findSession()
	if err != nil {
		return err
	}
	if !hmac.Equal(factors, digestOf(body.Factors)) {
		return fail(http.StatusBadRequest, reasonSession, "The session belongs to another browser.")
	}
	until := c.Now().Add(sessionLife)
	if end := s.CreatedAt.Add(maxSessionLife); until.After(end) {
		until = end
	}
	if until.After(s.ExpiresAt) {
		if err := c.Store.ExtendCrowdSession(c.ctx, token, until); err != nil {
			return err
		}
		s.ExpiresAt = until
	}
	return c.answer(http.StatusOK, c.sessionEntity(token, s))
}

func (c *call) deleteSession() error {
	return c.Store.DeleteCrowdSession(c.ctx, chi.URLParam(c.r, "token"))
}

// deleteSessions ends every session of a user, except one.
func (c *call) deleteSessions() error {
	u, err := c.findUser()
	if err != nil {
		return err
	}
	return c.Store.DeleteCrowdSessionsOf(c.ctx, u.ID, c.argument("exclude"))
}
