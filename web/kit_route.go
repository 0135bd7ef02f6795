package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/go-chi/httprate"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/failure"
)

// errPanic is what a recovered panic answers with; the log has the value.
var errPanic = errors.New("panic")

// Limits of request bodies, in bytes.
const (
	maxForm   = 1 << 20 // the console's forms and the assertion consumer service
	maxUpload = 8 << 20 // CSV files
)

// route is one address of the console and the least role that may use it.
type route struct {
	method  string
	pattern string
	role    model.Role
	handle  consoleHandler
	proof   proof
}

// proof is what an address wants besides the role.
type proof int

const (
	anytime   proof = iota
	stepUp          // they proved who they are a short while ago
	enrolling       // the same, but see mayEnrol
)

// Get is a page of the console; reading it changes nothing.
func Get(pattern string, role model.Role, h consoleHandler) route {
	return route{method: http.MethodGet, pattern: pattern, role: role, handle: h}
}

// Post is an address of the console that forms are sent to.
func Post(pattern string, role model.Role, h consoleHandler) route {
	return route{method: http.MethodPost, pattern: pattern, role: role, handle: h}
}

// afterStepUp lets it run only for who proved a short while ago who they are.
func (rt route) afterStepUp() route {
	rt.proof = stepUp
	return rt
}

// toEnrol does the same, but for who registers the first passkey after AWS sent them.
func (rt route) toEnrol() route {
	rt.proof = enrolling
	return rt
}

// Requests per minute and address that the expensive open endpoints answer. A
// whole company may sit behind one address, so logins have plenty.
const (
	loginStartsPerMinute = 600
	setupLinksPerMinute  = 60
)

// limitRate answers at most so many requests a minute of a network; each use
// counts by itself.
func (k *kit) limitRate(perMinute int) func(http.Handler) http.Handler {
	return k.limitRateBy(perMinute, func(r *http.Request) (string, error) { return model.NetworkOf(k.remoteAddr(r)), nil })
}

// limitRateBy is limitRate with requests counted by another key than the network.
func (k *kit) limitRateBy(perMinute int, key httprate.KeyFunc) func(http.Handler) http.Handler {
	return httprate.LimitBy(perMinute, time.Minute, key,
		httprate.WithErrorHandler(func(w http.ResponseWriter, r *http.Request, err error) { k.fail(w, r, err) }),
		httprate.WithLimitHandler(func(w http.ResponseWriter, r *http.Request) {
			k.failPage(w, r, http.StatusTooManyRequests, failure.TooMany())
		}))
}
