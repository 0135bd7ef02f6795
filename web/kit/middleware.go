package kit

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-chi/chi/v5/middleware"

	"github.com/postern-sso/postern/internal/crowd"
)

type contextKey int

const keyRequestID contextKey = iota

// contentPolicy allows nothing but our own files. Tabler's style sheet has
// small pictures as data: URLs.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// WithSecurityHeaders sets what every answer has. Private pages are not cached;
// the static files override that.
func (k *Kit) WithSecurityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if k.Secure() {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// AllowFormTo lets the page that is about to be answered send its forms to one
// other site as well.
func AllowFormTo(w http.ResponseWriter, to *url.URL) {
	origin := (&url.URL{Scheme: to.Scheme, Host: to.Host}).String()
	h := w.Header()
	h.Set("Content-Security-Policy", strings.Replace(h.Get("Content-Security-Policy"), "form-action 'self'", "form-action 'self' "+origin, 1))
}

// WithRecovery turns a panic into the page for internal errors.
func (k *Kit) WithRecovery(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler { //nolint:errorlint // recover gives the very value
				panic(v)
			}
			k.Log.ErrorContext(r.Context(), "panic", "value", v, "stack", string(debug.Stack()))
			k.Fail(w, r, ErrPanic)
		}()
		next.ServeHTTP(w, r)
	})
}

// LoggedPath is the path of a request for the log, without the token that some
// paths hold.
func LoggedPath(path string) string {
	if before, _, found := strings.Cut(path, "/session/"); found && strings.HasPrefix(path, crowd.Base+"/") {
		return before + "/session/…"
	}
	for _, secret := range []string{"/trace/", "/setup-link/", "/calendar/"} {
		rest, ok := strings.CutPrefix(path, secret)
		if !ok {
			continue
		}
		if _, action, found := strings.Cut(rest, "/"); found {
			return secret + "…/" + action
		}
		return secret + "…"
	}
	return path
}

// WithLog writes one line a request, without query: it may hold a token.
func (k *Kit) WithLog(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/static/") {
			next.ServeHTTP(w, r)
			return
		}
		start := time.Now()
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		next.ServeHTTP(ww, r)
		level := slog.LevelInfo
		if quiet(r.URL.Path) {
			level = slog.LevelDebug // they come every few seconds
		}
		k.Log.Log(r.Context(), level, "request", "method", r.Method, "path", LoggedPath(r.URL.Path), "status", ww.Status(), "bytes", ww.BytesWritten(),
			"duration", time.Since(start).Round(time.Microsecond), "remote", k.RemoteAddr(r))
	})
}

// HeadAsGet answers HEAD as GET is answered. The server leaves the body out: it
// goes by what was asked of it. The directory of the apps sees to it itself, and notes
// what they ask.
func HeadAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead && !strings.HasPrefix(r.URL.Path, "/crowd") {
			r = r.WithContext(r.Context())
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

// LimitBody refuses bodies over the limit, in bytes, before anything reads them.
func LimitBody(limit int64) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, limit)
			next.ServeHTTP(w, r)
		})
	}
}

// RemoteAddr is the address of the client. X-Forwarded-For is believed only
// from a trusted proxy, and then its last entry that is not a trusted proxy.
func (k *Kit) RemoteAddr(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || !k.trusted(addr) {
		return host
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		if !k.trusted(hop) {
			return hop.String()
		}
	}
	return host
}

func (k *Kit) trusted(a netip.Addr) bool {
	for _, p := range k.Opts.TrustedProxies {
		if p.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}
