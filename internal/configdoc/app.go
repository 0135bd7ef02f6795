package configdoc

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"

	"github.com/postern-sso/postern/internal/model"
)

// Kinds of apps.
const (
	kindOIDC  = "oidc"
	kindCrowd = "crowd"
)

type appDoc struct {
	item
	slug           string
	kind           *string
	name           *string
	product        *string
	redirectURIs   *[]string
	postLogoutURIs *[]string
	startURL       *string
	allowedIPs     *[]string
	connection     *string
	public         *bool
	allGroups      *bool
	groups         *[]string
}

func (r *reader) app(v value) appDoc {
	m := r.mapping(v, "slug", "kind", "name", "product", "redirect_uris", "post_logout_uris", "start_url", "allowed_ips", "connection", "public",
		"all_groups", "groups")
	a := appDoc{
		item: item{v, m}, slug: r.nameField(v, m, "slug", model.CheckSlug), kind: choiceField(r, m, "kind", kindOIDC, kindCrowd),
		name: r.textField(m, "name"), product: choiceField(r, m, "product", "jira", "confluence", "bitbucket", "bamboo", model.ProductOther),
		redirectURIs: r.textsField(m, "redirect_uris"), postLogoutURIs: r.textsField(m, "post_logout_uris"),
		startURL: r.textField(m, "start_url"), allowedIPs: r.textsField(m, "allowed_ips"),
		connection: r.textField(m, "connection"), public: r.boolField(m, "public"), allGroups: r.boolField(m, "all_groups"), groups: r.textsField(m, "groups"),
	}
	for key, uris := range map[string]*[]string{"redirect_uris": a.redirectURIs, "post_logout_uris": a.postLogoutURIs} {
		for i, uri := range valueOr(uris) {
			if err := checkRedirectURI(uri); err != nil {
				r.problem(m[key].at(i), "“%s” %v.", uri, err)
			}
		}
	}
	if a.startURL != nil && *a.startURL != "" {
		if err := checkRedirectURI(*a.startURL); err != nil {
			r.problem(m["start_url"], "“%s” %v.", *a.startURL, err)
		}
	}
	for i, ip := range valueOr(a.allowedIPs) {
		if !isAddress(ip) {
			r.problem(m["allowed_ips"].at(i), "“%s” is neither an IP address nor a network such as 10.0.0.0/24.", ip)
		}
	}
	if a.groups != nil && a.allGroups != nil && *a.allGroups {
		r.problem(m["all_groups"], "an app sees all groups, or those listed: leave one of the two out.")
	}
	return a
}

// valueOr is what a key holds, or nothing when it is absent.
func valueOr[T any](v *[]T) []T {
	if v == nil {
		return nil
	}
	return *v
}

// appFields are all settings of an app, in the document's order. What both an
// app and the document's default say is left out of an export.
func appFields(a model.App) []field {
	return []field{
		{"kind", a.Kind}, {"name", a.Name}, {"product", a.Product}, {"redirect_uris", a.RedirectURIs}, {"post_logout_uris", a.PostLogoutURIs},
		{"start_url", a.StartURL},
		{"allowed_ips", a.AllowedIPs}, {"connection", a.Connection}, {"public", a.Public}, {"all_groups", a.AllGroups}, {"groups", a.Groups},
	}
}

// appExport are the fields that an export has: those of the app's kind, and of
// the rest what differs from a new app.
func appExport(a model.App) []field {
	always := map[string]bool{"kind": true, "name": true, "redirect_uris": a.Kind == kindOIDC, "allowed_ips": a.Kind == kindCrowd,
		"groups": !a.AllGroups} // none at all is not the default
	fresh := appFields(model.App{AllGroups: true, Product: model.ProductOther})
	var kept []field
	for i, f := range appFields(a) {
		if always[f.key] || (f.key != "all_groups" && f.key != "groups" && !equalValues(f.value, fresh[i].value)) {
			kept = append(kept, f)
		}
	}
	return kept
}

// checkRedirectURI says what is wrong with an OpenID Connect redirect URI: it
// is compared character by character and gets the answer, so it is https, or
// http on this machine. Source: OAuth 2.0 Security Best Current Practice (RFC
// 9700) §2.1, §4.1.3.
func checkRedirectURI(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil:
		return fmt.Errorf("is not a web address")
	case u.Fragment != "":
		return fmt.Errorf("must not have a part after “#”")
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && isThisMachine(u.Hostname()):
		return nil
	default:
		return fmt.Errorf("must begin with https://; plain http is only for localhost")
	}
}

func isThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// isAddress accepts an IP address or a network in CIDR form.
func isAddress(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	_, err := netip.ParsePrefix(s)
	return err == nil
}
