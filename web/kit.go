package web

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/seal"
	"github.com/postern-sso/postern/internal/store"
	"github.com/postern-sso/postern/templates/person"
)

// Options is what the site is made of.
type Options struct {
	Store  *store.Store
	Sealer *seal.Sealer
	Logger *slog.Logger
	Now    func() time.Time // nil: time.Now

	// PublicURL is the address under which browsers reach Postern. When
	// PublicURLFixed it was given at the start and wins over the settings.
	PublicURL      string
	PublicURLFixed bool

	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed

	// AllowPrivateMetadata lets administrators have metadata fetched from private
	// addresses, for an identity provider inside the network.
	AllowPrivateMetadata bool

	Version    string
	DemoAWSURL string // the simulated AWS of `console demo`; empty: real AWS
	Metrics    *Metrics

	SessionStore scs.Store // nil: PostgreSQL; tests keep sessions in memory

	MailTLS *tls.Config // whom to believe to be the mail server; nil: what the machine trusts

	Refresh func(context.Context) error // follows a change of the public URL; nil: nobody does
}

// kit is what every room needs: the database, the clock, the two kinds of
// session, and the one way to answer. Rooms embed it.
type kit struct {
	store   *store.Store
	sealer  *seal.Sealer
	log     *slog.Logger
	now     func() time.Time
	opts    Options
	admins  *scs.SessionManager // people who use the console
	persons *scs.SessionManager // people who signed in through SAML

	asker   asker   // asks who is there; set once the rooms are there
	console []route // every page of the console; likewise

	idps   *idpCache
	brands brandCache
}

// asker asks a browser who is there. The guard meets people who are not signed
// in, or whose proof is too old, and sends them to the room that can tell.
type asker interface {
	// RenderSignIn shows the sign-in page, with a form that goes along.
	RenderSignIn(w http.ResponseWriter, r *http.Request, status int, form person.SignInForm) error
	// AskStepUp asks who is signed in to prove it again, and offers what they
	// sent again afterwards.
	AskStepUp(w http.ResponseWriter, r *http.Request, a model.Administrator) error
}

// newKit puts together what the rooms share. PublicURL must be an absolute URL.
func newKit(o Options) *kit {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.PublicURL = strings.TrimRight(o.PublicURL, "/")
	k := &kit{store: o.Store, sealer: o.Sealer, log: o.Logger, now: o.Now, opts: o, idps: newIDPCache()}
	k.admins, k.persons = k.newSessions()
	return k
}

// connect tells the kit of what is made of it: who asks people who they are, and
// every page of the console.
func (k *kit) connect(a asker, routes []route) { k.asker, k.console = a, routes }

// secure tells whether browsers reach Postern over https.
func (k *kit) secure() bool { return strings.HasPrefix(k.opts.PublicURL, "https://") }

// publicURLChanged is called after the settings were saved.
func (k *kit) publicURLChanged(ctx context.Context) error {
	if k.opts.Refresh == nil {
		return nil
	}
	return k.opts.Refresh(ctx)
}
