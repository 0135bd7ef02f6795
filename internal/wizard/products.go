package wizard

import (
	"net/url"
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// Product is an Atlassian Data Center product, in the words of its own screens.
type Product struct {
	ID        string // as in model.App.Product
	Name      string
	SignOn    []string // the clicks to the form for OpenID Connect
	Directory []string // the clicks to the form for a Crowd directory
	Fallback  string   // what follows the base URL to sign in without single sign-on; empty: unknown
}

// Products are those whose screens are known, in the order in which they are
// offered. (Atlassian: “OpenID Connect for Atlassian Data Center”, “Connecting
// to Crowd or Jira for user management”.)
func Products() []Product {
	return []Product{
		{"jira", "Jira",
			[]string{"Administration (the cog)", "System", "Authentication methods", "Add configuration"},
			[]string{"Administration (the cog)", "User management", "User Directories", "Add Directory", "Atlassian Crowd"},
			"/login.jsp?auth_fallback"},
		{"confluence", "Confluence",
			[]string{"Administration (the cog)", "General configuration", "Authentication methods", "Add configuration"},
			[]string{"Administration (the cog)", "User management", "User Directories", "Add Directory", "Atlassian Crowd"},
			"/login.action?auth_fallback"},
		{"bitbucket", "Bitbucket",
			[]string{"Administration (the cog)", "Authentication methods", "Add configuration"},
			[]string{"Administration (the cog)", "User Directories", "Add Directory", "Atlassian Crowd"},
			"/login?auth_fallback"},
		{"bamboo", "Bamboo",
			[]string{"Administration (the cog)", "Security", "Authentication methods", "Add configuration"},
			[]string{"Administration (the cog)", "Security", "User Directories", "Add Directory", "Atlassian Crowd"},
			"/userlogin!doDefault.action?auth_fallback"},
		{model.ProductOther, "Another app", []string{"The app's settings for OpenID Connect"}, []string{"The app's settings for a Crowd directory"}, ""},
	}
}

// ProductOf finds a product; an unknown one is “another app”.
func ProductOf(id string) Product {
	all := Products()
	for _, p := range all {
		if p.ID == id {
			return p
		}
	}
	return all[len(all)-1]
}

// Paths below the base URL of an Atlassian product.
const (
	productCallback = "/plugins/servlet/oidc/callback"
	productStart    = "/plugins/servlet/oidc/initiate-login"
)

// ProductCallback is the redirect URL of a product at base.
func ProductCallback(base string) string { return strings.TrimRight(base, "/") + productCallback }

// ProductBase is the base URL of the product that a redirect URL belongs to;
// empty where it is not an Atlassian product's.
func ProductBase(redirect string) string {
	base, found := strings.CutSuffix(redirect, productCallback)
	if !found {
		return ""
	}
	return base
}

// CheckBaseURL says what is wrong with the base URL of a product, or nothing:
// https, unless it is on this machine, and no query.
func CheckBaseURL(base string) string {
	if u, err := url.Parse(base); err == nil && u.RawQuery != "" {
		return "Only the address itself, without what follows a “?” or “#”."
	}
	return CheckRedirectURI(base)
}

// CheckRedirectURI says what is wrong with an address to which people are sent
// back, or nothing. It may have a query (RFC 6749, section 3.1.2).
func CheckRedirectURI(base string) string {
	if base == "" {
		return "Type the address under which people open the app, for example https://jira.example.com."
	}
	if err := model.CheckRedirectURI(base); err != nil {
		return "The address " + err.Error() + "."
	}
	return ""
}

// AppValue is what goes into one field of a product's screen.
type AppValue struct {
	Label  string
	Value  string // empty: the field stays empty
	Note   string
	Tick   bool // a box: Value is "on" or "off"
	Secret bool // shown once
}

// SignOnValues fill in a product's form for OpenID Connect. withDirectory says
// that the users come by the other integration.
func SignOnValues(a model.App, publicURL string, withDirectory bool) []AppValue {
	values := []AppValue{
		{Label: "Name", Value: "Postern", Note: "Any name will do. People see it on the button."},
		{Label: "Issuer URL", Value: publicURL},
		{Label: "Client ID", Value: a.Slug},
		{Label: "Client secret", Secret: true},
		{Label: "Username mapping", Value: "${preferred_username}"},
		{Label: "Additional scopes", Value: "profile email groups"},
		{Label: "Fill the data automatically from my chosen identity provider", Value: "on", Tick: true},
	}
	if withDirectory {
		return append(values, AppValue{Label: "Create users on login to the application", Value: "off", Tick: true,
			Note: "Leave it off: users and groups come from the directory. Switched on, it would write users into the app's internal directory and take every group " +
				"away that the sign-in does not name."})
	}
	names := "Postern always names all of them."
	if !a.AllGroups {
		names = "Postern always names those that the app may see, and the app knows no others from here. A group that was made in the app itself loses the person."
	}
	return append(values,
		AppValue{Label: "Create users on login to the application", Value: "on", Tick: true,
			Note: "At each sign-in the app removes the person from every group that Postern does not name. That is right here: " + names},
		AppValue{Label: "Display name", Value: "${name}"},
		AppValue{Label: "Email", Value: "${email}"},
		AppValue{Label: "Groups", Value: "groups"})
}

// DirectorySuffix ends the slug of the directory that is made together with an
// app, by which the two are known to belong together.
const DirectorySuffix = "-directory"

// HasDirectory tells whether an app that signs people in gets its users by a
// directory, too: the one that was made with it, or, for a product of which
// there is one app of each kind, that one.
func HasDirectory(app model.App, all []model.App) bool {
	signOn, directories := 0, 0
	for _, other := range all {
		if other.Kind == model.AppCrowd && other.Slug == app.Slug+DirectorySuffix {
			return true
		}
		if other.Product == app.Product && other.Product != model.ProductOther {
			if other.Kind == model.AppCrowd {
				directories++
			} else {
				signOn++
			}
		}
	}
	return signOn == 1 && directories == 1
}

// DirectoryValues fill in a product's form for an Atlassian Crowd directory.
func DirectoryValues(a model.App, publicURL string) []AppValue {
	return []AppValue{
		{Label: "Name", Value: "Postern"},
		{Label: "Server URL", Value: publicURL + "/crowd"},
		{Label: "Application Name", Value: a.Slug},
		{Label: "Application Password", Secret: true},
		{Label: "Read Only", Value: "on", Tick: true, Note: "Postern keeps the users and groups. The app only reads them."},
		{Label: "Enable Nested Groups", Value: "off", Tick: true},
		{Label: "Enable Incremental Synchronization", Value: "on", Tick: true},
		{Label: "Synchronization Interval (minutes)", Value: "60", Note: "How long a change here may take to arrive there. Less is fine, too."},
	}
}

// StartURL is where the app begins a sign-in by itself; empty where its
// address is not known.
func StartURL(a model.App) string {
	if a.StartURL != "" {
		return a.StartURL
	}
	for _, redirect := range a.RedirectURIs {
		if base := ProductBase(redirect); base != "" {
			return base + productStart
		}
	}
	return ""
}

// FallbackURL is where an administrator signs in to the app when single sign-on
// is down; empty where that is not known.
func FallbackURL(a model.App) string {
	for _, redirect := range a.RedirectURIs {
		if base := ProductBase(redirect); base != "" && ProductOf(a.Product).Fallback != "" {
			return base + ProductOf(a.Product).Fallback
		}
	}
	return ""
}
