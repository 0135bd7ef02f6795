package kit

import (
	"errors"
	"net/http"
	"time"

	"github.com/go-chi/httprate"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/failure"
)

// ErrPanic is what a recovered panic answers with; the log has the value.
var ErrPanic = errors.New("panic")

// Limits of request bodies, in bytes.
const (
	MaxForm   = model.MaxForm   // the console's forms and the assertion consumer service
	MaxUpload = model.MaxUpload // forms with a file
)

// Route is one address of the console and the least role that may use it.
type Route struct {
	Method  string
	Pattern string
	Role    model.Role
	handle  ConsoleHandler
	Proof   Proof
}

// Proof is what an address wants besides the role.
type Proof int

const (
	Anytime   Proof = iota
	StepUp          // they proved who they are a short while ago
	Enrolling       // the same, but see mayEnrol
)

// Get is a page of the console; reading it changes nothing.
func Get(pattern string, role model.Role, h ConsoleHandler) Route {
	return Route{Method: http.MethodGet, Pattern: pattern, Role: role, handle: h}
}

// Post is an address of the console that forms are sent to.
func Post(pattern string, role model.Role, h ConsoleHandler) Route {
	return Route{Method: http.MethodPost, Pattern: pattern, Role: role, handle: h}
}

// AfterStepUp lets it run only for who proved a short while ago who they are.
func (rt Route) AfterStepUp() Route {
	rt.Proof = StepUp
	return rt
}

// ToEnrol does the same, but for who registers the first passkey after AWS sent them.
func (rt Route) ToEnrol() Route {
	rt.Proof = Enrolling
	return rt
}

// Requests per minute and address that the expensive open endpoints answer. A
// whole company may sit behind one address, so logins have plenty.
const (
	LoginStartsPerMinute = 600
	SetupLinksPerMinute  = 60
)

// LimitRate answers at most so many requests a minute of a network; each use
// counts by itself.
func (k *Kit) LimitRate(perMinute int) func(http.Handler) http.Handler {
	return k.LimitRateBy(perMinute, func(r *http.Request) (string, error) { return model.NetworkOf(k.RemoteAddr(r)), nil })
}

// LimitRateBy is limitRate with requests counted by another key than the network.
func (k *Kit) LimitRateBy(perMinute int, key httprate.KeyFunc) func(http.Handler) http.Handler {
	return httprate.LimitBy(perMinute, time.Minute, key,
		httprate.WithErrorHandler(func(w http.ResponseWriter, r *http.Request, err error) { k.Fail(w, r, err) }),
		httprate.WithLimitHandler(func(w http.ResponseWriter, r *http.Request) {
			k.FailPage(w, r, http.StatusTooManyRequests, failure.TooMany())
		}))
}
