package crowd

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/store"
)

// Base is the path under which Handler expects to be mounted; apps are told the
// public URL followed by it.
const Base = "/crowd"

// version is that of the Crowd whose interface this is.
const version = "5.3.0"

// MaxBody is how long the body of a request may be, in bytes.
const MaxBody = 1 << 20

// Options is what a Handler is made of. All are needed.
type Options struct {
	Store      *store.Store
	Logger     *slog.Logger
	Now        func() time.Time
	PublicURL  string                     // without a slash at the end
	RemoteAddr func(*http.Request) string // the client's address, through trusted proxies
}

// Handler is the directory.
type Handler struct {
	Options
	router  http.Handler
	gate    *gate
	streams chan struct{} // who reads all memberships just now
}

// streamsAtOnce is how many apps read all memberships at once; more wait. Each
// has a connection to the database as long as it reads.
const streamsAtOnce = 3

// New puts the directory together.
func New(o Options) *Handler {
	h := &Handler{Options: o, gate: newGate(o.Now), streams: make(chan struct{}, streamsAtOnce)}
	r := chi.NewRouter()
	r.Use(middleware.GetHead)
	r.NotFound(h.serve(model.CrowdSingle, notHere))
	r.MethodNotAllowed(h.serve(model.CrowdChange, readOnly)) // the resource is known, and would be changed
	for _, version := range []string{"1", "latest"} {
		r.Route(Base+"/rest/usermanagement/"+version, h.resources)
	}
	h.router = r
	return h
}

// ServeHTTP answers requests below Base. An app that was told an address with a
// slash at the end asks for Base, two slashes and the rest.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// What a router above has found is not this one's: it would still see HEAD where GetHead says GET.
	r = r.WithContext(context.WithValue(r.Context(), chi.RouteCtxKey, (*chi.Context)(nil)))
	if strings.HasPrefix(r.URL.Path, Base+"//") {
		u := *r.URL
		u.Path = oneSlash(u.Path)
		if u.RawPath != "" {
			u.RawPath = oneSlash(u.RawPath)
		}
		r.URL = &u
	}
	h.router.ServeHTTP(w, r)
}

// oneSlash is a path below Base with one slash behind it.
func oneSlash(path string) string {
	return Base + "/" + strings.TrimLeft(strings.TrimPrefix(path, Base), "/")
}

// resources is every resource and what may be done with it. What Crowd lets
// applications change is refused with its error for a read-only directory.
func (h *Handler) resources(r chi.Router) {
	get := func(path, kind string, a action) { r.Get(path, h.serve(kind, a)) }
	get("/config/cookie", model.CrowdTest, (*call).cookie)
	get("/search", model.CrowdSingle, (*call).searchQuery)
	r.Post("/search", h.serve(model.CrowdSingle, (*call).searchBody))

	get("/user", model.CrowdSingle, (*call).user)
	get("/user/attribute", model.CrowdSingle, (*call).userAttributes)
	get("/group", model.CrowdSingle, (*call).group)
	get("/group/attribute", model.CrowdSingle, (*call).groupAttributes)
	for _, depth := range []string{"direct", "nested"} { // no group is in another: both are the same
		get("/user/group/"+depth, model.CrowdSingle, (*call).groupsOfUser)
		get("/group/user/"+depth, model.CrowdMemberships, (*call).usersOfGroup)
		get("/group/child-group/"+depth, model.CrowdSingle, (*call).relatedGroups)
		get("/group/parent-group/"+depth, model.CrowdSingle, (*call).relatedGroups)
	}
	get("/group/membership", model.CrowdMemberships, (*call).memberships)

	get("/event", model.CrowdSingle, (*call).eventToken)
	get("/event/{token}", model.CrowdEvents, (*call).events)

	r.Post("/authentication", h.serve(model.CrowdSignIn, (*call).authenticate))
	r.Post("/authentication/notify", h.serve(model.CrowdSignIn, (*call).signedIn))
	r.Post("/session", h.serve(model.CrowdSignIn, (*call).createSession))
	r.Delete("/session", h.serve(model.CrowdSignIn, (*call).deleteSessions))
	get("/session/{token}", model.CrowdSignIn, (*call).session)
	r.Post("/session/{token}", h.serve(model.CrowdSignIn, (*call).validateSession))
	r.Delete("/session/{token}", h.serve(model.CrowdSignIn, (*call).deleteSession))

	for _, path := range []string{"/user/password", "/user/rename", "/user/mail/password", "/user/mail/usernames", "/user/expire-all-passwords"} {
		r.Handle(path, h.serve(model.CrowdChange, readOnly))
	}
}

// call is one request of an app that has proved who it is.
type call struct {
	*Handler
	w     http.ResponseWriter
	r     *http.Request
	ctx   context.Context
	app   model.App
	query url.Values
	json  bool // asked for, instead of XML
	note  model.CrowdRequest
}

type action func(*call) error

// serve lets an action answer, keeps what the app did, and turns an error into
// Crowd's form. Nothing of an unexpected error reaches the app.
func (h *Handler) serve(kind string, a action) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{Handler: h, w: w, r: r, ctx: r.Context(), json: wantsJSON(r.Header.Values("Accept"))}
		c.note = model.CrowdRequest{
			At: h.Now(), Method: r.Method, Path: shownPath(r.URL.Path), Kind: kind, RemoteAddr: h.RemoteAddr(r), UserAgent: r.UserAgent(),
		}
		start := time.Now()
		// Atlassian's own client takes a server without this header for no Crowd.
		w.Header().Set("X-Embedded-Crowd-Version", "Crowd/"+version)
		w.Header().Set("X-Crowd-Version", version)
		r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
		err := c.admitted(a)
		aborted := c.conclude(err)
		c.note.Took = time.Since(start)
		c.keepNote()
		if aborted {
			panic(http.ErrAbortHandler) // what was sent must not look whole
		}
	}
}

// admitted runs the action for an app that may. A panic is an error like others.
func (c *call) admitted(a action) (err error) {
	defer func() {
		if v := recover(); v != nil {
			c.Logger.ErrorContext(c.ctx, "panic", "value", v, "stack", string(debug.Stack()))
			err = errPanic
		}
	}()
	if err := c.admit(); err != nil {
		return err
	}
	// Half a query would be another question, with more in the answer.
	if c.query, err = url.ParseQuery(c.r.URL.RawQuery); err != nil {
		return illegal("The arguments in the address cannot be read.")
	}
	return a(c)
}

var errPanic = errors.New("panic")

// keepNote writes down what the app did. That it fails must not fail the app.
func (c *call) keepNote() {
	if c.note.App == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), 5*time.Second)
	defer cancel()
	if err := c.Store.NoteCrowdRequest(ctx, c.note); err != nil && !errors.Is(err, store.ErrNotFound) {
		c.Logger.WarnContext(c.ctx, "request of an app not noted", "app", c.note.App, "error", err)
	}
}

// shownPath is a path without what may be secret in it: the tokens of sessions.
func shownPath(path string) string {
	path = strings.TrimPrefix(path, Base+"/rest/usermanagement/")
	if before, _, found := strings.Cut(path, "/session/"); found {
		return before + "/session/…"
	}
	return path
}

// notHere: Atlassian's client takes 404 for a Crowd that is too old to have the
// resource, and does without; every other answer is an error to it.
func notHere(*call) error {
	return fail(http.StatusNotFound, reasonUnsupported, "There is no such resource.")
}
