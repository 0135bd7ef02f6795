package awssim

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed static
var staticFiles embed.FS

// newRoutes is every address of the simulator. Forms are accepted from its own
// pages alone; the SAML endpoints are there to be called by other sites.
func (s *Simulator) newRoutes() http.Handler {
	mux := http.NewServeMux()
	page := func(pattern string, h handler) { mux.Handle(pattern, s.page(h)) }

	// For applications.
	page("GET /saml/metadata/{x}", s.getMetadata)
	page("/saml/assertion/{x}", s.federate)
	page("/api.aws/saml/assertion/{x}", s.federate)
	page("GET /saml/continue/{pending}", s.federateLater)
	page("/saml/logout/{x}", s.logout)
	mux.HandleFunc("POST /identitystore/{$}", s.api)
	mux.HandleFunc("POST /{$}", s.api) // where AWS's SDKs post to

	// For people who sign in.
	page("GET /start", s.portal)
	page("GET /start/{$}", s.portal)
	page("GET /start/open/{id}", s.openTile)
	page("GET /start/admin/{id}", s.administratorMode)
	page("GET /signin", s.getSignIn)
	page("POST /signin", s.postSignIn)
	page("POST /signout", s.postSignOut)

	// For administrators.
	page("GET /{$}", s.overview)
	page("GET /applications/new", s.newApplication)
	page("POST /applications/new", s.createDraft)
	page("GET /applications/{id}", s.showApplication)
	page("POST /applications/{id}/remove", s.removeApplication)
	page("GET /applications/{id}/configuration", s.getConfiguration)
	page("POST /applications/{id}/configuration", s.postConfiguration)
	page("GET /applications/{id}/mappings", s.getMappings)
	page("POST /applications/{id}/mappings", s.postMappings)
	page("GET /applications/{id}/assign", s.getAssign)
	page("POST /applications/{id}/assign", s.postAssign)
	page("GET /applications/{id}/certificates", s.getCertificates)
	page("POST /applications/{id}/certificates", s.postCertificates)
	page("GET /applications/{id}/certificates/{number}", s.downloadCertificate)
	page("POST /applications/{id}/faults", s.postFaults)
	page("GET /people", s.listPeople)
	page("GET /people/new", s.getPerson)
	page("POST /people/new", s.postPerson)
	page("GET /people/{username}", s.getPerson)
	page("POST /people/{username}", s.postPerson)
	page("POST /groups", s.postGroup)
	page("POST /people-made-anew", s.postSource)
	page("POST /identity-store-faults", s.postStoreFaults)

	static, err := fs.Sub(staticFiles, "static")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServerFS(static)))
	mux.Handle("/", s.page(func(http.ResponseWriter, *http.Request) error { return errNotFound }))

	protection := http.NewCrossOriginProtection()
	protection.AddInsecureBypassPattern("/saml/")
	protection.AddInsecureBypassPattern("/api.aws/")
	return withHeaders(protection.Handler(mux))
}

// withHeaders forbids inline code and framing, and bounds what is read. There
// is no form-action: a message is posted to whatever address is configured.
func withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		next.ServeHTTP(w, r)
	})
}
