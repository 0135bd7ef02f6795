package scim

import (
	"context"
	"encoding/json"
	"errors"
	"io"
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

// Base is the path under which Handler expects to be mounted. Identity providers are
// told the public URL followed by BasePath.
const Base = "/scim"

// BasePath is the path below which a source is pushed to.
func BasePath(slug string) string { return Base + "/" + slug + "/v2" }

// Options is what a Handler is made of. All are needed.
type Options struct {
	Store      *store.Store
	Logger     *slog.Logger
	Now        func() time.Time
	PublicURL  string                     // without a slash at the end
	RemoteAddr func(*http.Request) string // the client's address, through trusted proxies
}

// Handler is the server.
type Handler struct {
	Options
	router http.Handler
	gate   *gate
}

// New puts the server together.
func New(o Options) *Handler {
	h := &Handler{Options: o, gate: newGate(o.Now)}
	r := chi.NewRouter()
	r.Use(middleware.GetHead)
	r.NotFound(h.serve(nowhere))
	r.MethodNotAllowed(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Allow", strings.Join(answers(r, req.URL.Path), ", "))
		h.serve(notSo).ServeHTTP(w, req)
	})
	r.Route(Base+"/{source}/v2", h.resources)
	h.router = r
	return h
}

// ServeHTTP answers requests below Base. A client that was told an address with a slash
// at the end asks with two.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// What a router above has found is not this one's: it would still see HEAD where GetHead says GET.
	r = r.WithContext(context.WithValue(r.Context(), chi.RouteCtxKey, (*chi.Context)(nil)))
	u := *r.URL
	u.Path, u.RawPath = plainPath(u.Path), ""
	r.URL = &u
	h.router.ServeHTTP(w, r)
}

// plainPath is a path with single slashes and none at the end.
func plainPath(path string) string {
	parts := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	return "/" + strings.Join(parts, "/")
}

// resources is every resource and what may be done with it.
func (h *Handler) resources(r chi.Router) {
	r.Get("/ServiceProviderConfig", h.serve((*call).config))
	r.Get("/ResourceTypes", h.serve((*call).types))
	r.Get("/ResourceTypes/{id}", h.serve((*call).oneType))
	r.Get("/Schemas", h.serve((*call).schemas))
	r.Get("/Schemas/{id}", h.serve((*call).oneSchema))
	for _, t := range resourceTypes() {
		on := func(a func(*call, *resourceType) (*answer, error)) http.HandlerFunc {
			return h.serve(func(c *call) (*answer, error) { return a(c, t) })
		}
		r.Get("/"+t.endpoint, on((*call).list))
		r.Post("/"+t.endpoint, on((*call).create))
		r.Post("/"+t.endpoint+"/.search", on((*call).search))
		r.Get("/"+t.endpoint+"/{id}", on((*call).get))
		r.Put("/"+t.endpoint+"/{id}", on((*call).replace))
		r.Patch("/"+t.endpoint+"/{id}", on((*call).patch))
		r.Delete("/"+t.endpoint+"/{id}", on((*call).delete))
	}
	for _, path := range []string{"/Bulk", "/Me", "/Me/*", "/.search"} {
		r.Handle(path, h.serve(unsupported))
	}
}

// call is one request of an identity provider.
type call struct {
	*Handler
	w      http.ResponseWriter
	r      *http.Request
	ctx    context.Context
	source model.Source // zero: it has not proved whose it is
	base   string       // of its addresses
	query  url.Values
	note   model.SCIMRequest
}

// answer is what a request gets back.
type answer struct {
	status   int
	body     object // nil: none
	location string
	version  string
}

type action func(*call) (*answer, error)

// serve lets an action answer, keeps a line of it, and turns an error into SCIM's form.
// Nothing of an unexpected error reaches the client.
func (h *Handler) serve(a action) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{Handler: h, w: w, r: r, ctx: r.Context()}
		c.note = model.SCIMRequest{At: h.Now(), Method: r.Method, RemoteAddr: h.RemoteAddr(r), UserAgent: r.UserAgent(), Outcome: model.SCIMRead}
		start := time.Now()
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		reply, err := c.admitted(a)
		if err != nil {
			reply = c.refused(err)
		}
		c.note.Status, c.note.Took = reply.status, time.Since(start)
		c.keepNote()
		c.send(reply)
	}
}

// admitted runs the action for a client that may. A panic is an error like others.
func (c *call) admitted(a action) (reply *answer, err error) {
	defer func() {
		if v := recover(); v != nil {
			c.Logger.ErrorContext(c.ctx, "panic", "value", v, "stack", string(debug.Stack()))
			err = errors.New("panic")
		}
	}()
	slug, rest := c.place()
	c.note.Path = rest
	if err := c.admit(slug); err != nil {
		return nil, err
	}
	c.base = c.PublicURL + BasePath(c.source.Slug)
	// Half a query would be another question, with more in the answer.
	if c.query, err = url.ParseQuery(c.r.URL.RawQuery); err != nil {
		return nil, bad(typeSyntax, "The arguments in the address cannot be read.")
	}
	return a(c)
}

// place is the source that the address names, and what follows it.
func (c *call) place() (slug, rest string) {
	slug, rest, _ = strings.Cut(strings.TrimPrefix(c.r.URL.Path, Base+"/"), "/")
	return slug, "/" + strings.TrimPrefix(strings.TrimPrefix(rest, "v2"), "/")
}

// refused is the answer for an error.
func (c *call) refused(err error) *answer {
	e := &Error{Status: http.StatusInternalServerError, Detail: "Something failed here. The server's log says what."}
	var known *Error
	switch {
	case errors.As(err, &known):
		e = known
	case c.ctx.Err() != nil:
		e = &Error{Status: http.StatusServiceUnavailable, Detail: "The request was given up."}
	default:
		c.Logger.ErrorContext(c.ctx, "scim failed", "method", c.r.Method, "path", c.note.Path, "error", err)
	}
	if c.note.Outcome != model.SCIMConflict {
		c.note.Outcome = model.SCIMRefused
	}
	c.note.Run = 0 // nothing of it stayed
	if c.note.Line == "" {
		c.note.Line = "Asked " + c.r.Method + " " + c.note.Path
	}
	if e.Status != http.StatusUnauthorized {
		c.note.Details = append(c.note.Details, e.Detail)
	}
	return &answer{status: e.Status, body: e.body()}
}

// keepNote writes the line of a request that is a source's. That it fails must not fail
// the request.
func (c *call) keepNote() {
	if c.source.ID == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), 5*time.Second)
	defer cancel()
	if err := c.Store.NoteSCIMRequest(ctx, c.source.ID, c.note); err != nil {
		c.Logger.WarnContext(c.ctx, "scim request not noted", "source", c.source.Slug, "error", err)
	}
}

func (c *call) send(reply *answer) {
	h := c.w.Header()
	h.Set("Cache-Control", "no-store")
	if reply.location != "" {
		h.Set("Location", reply.location)
	}
	if reply.version != "" {
		h.Set("ETag", reply.version)
	}
	if reply.body == nil {
		c.w.WriteHeader(reply.status)
		return
	}
	data, err := json.Marshal(reply.body)
	if err != nil { // of values that came out of JSON: cannot happen
		c.w.WriteHeader(http.StatusInternalServerError)
		return
	}
	h.Set("Content-Type", "application/scim+json; charset=utf-8")
	c.w.WriteHeader(reply.status)
	_, _ = c.w.Write(data) // the client has gone: there is nobody to tell
}

// body reads the body, which is a JSON object.
func (c *call) body() (object, error) {
	data, err := io.ReadAll(c.r.Body)
	if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
		return nil, fail(http.StatusRequestEntityTooLarge, "", "The body is longer than %d kB.", maxBody>>10)
	}
	if err != nil {
		return nil, bad(typeSyntax, "The body could not be read to its end.")
	}
	return readObject(data)
}

func nowhere(*call) (*answer, error) {
	return nil, fail(http.StatusNotFound, "", "There is no such address.")
}

// answers are the methods that an address answers.
func answers(routes chi.Routes, path string) []string {
	var methods []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if routes.Match(chi.NewRouteContext(), m, path) {
			methods = append(methods, m)
		}
	}
	return methods
}

func notSo(c *call) (*answer, error) {
	return nil, fail(http.StatusMethodNotAllowed, "", "%s is not possible at this address.", c.r.Method)
}

func unsupported(*call) (*answer, error) {
	return nil, fail(http.StatusNotImplemented, "", "This is not supported, as ServiceProviderConfig says.")
}
