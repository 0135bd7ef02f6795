package configdoc

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"

	"github.com/goccy/go-yaml/ast"

	"github.com/postern-sso/postern/internal/model"
)

// appSettings are all settings of an app, in the document's order. What a new
// app has anyway is left out of an export, unless it belongs to the app's kind.
var appSettings = []setting[model.App]{
	nameSetting("slug", func(a *model.App) *string { return &a.Slug }, model.CheckSlug),
	choiceSetting("kind", func(a *model.App) *string { return &a.Kind }, model.AppKinds()...),
	fitSetting("name", func(a *model.App) *string { return &a.Name }, model.MaxTitle),
	unlessNew("", choiceSetting("product", func(a *model.App) *string { return &a.Product }, model.Products()...)),
	unlessNew(model.AppOIDC, listSetting("redirect_uris", func(a *model.App) *[]string { return &a.RedirectURIs }, checkRedirectURI)),
	unlessNew("", listSetting("post_logout_uris", func(a *model.App) *[]string { return &a.PostLogoutURIs }, checkRedirectURI)),
	unlessNew("", textSetting("start_url", func(a *model.App) *string { return &a.StartURL }, unlessEmpty(checkRedirectURI))),
	unlessNew(model.AppCrowd, listSetting("allowed_ips", func(a *model.App) *[]string { return &a.AllowedIPs }, checkAddress)),
	unlessNew("", connectionSetting(true, func(a *model.App) *string { return &a.Connection })),
	unlessNew("", boolSetting("public", func(a *model.App) *bool { return &a.Public })),
	allGroupsSetting(),
	appGroupsSetting(),
}

// newApp is an app of which nothing is said.
func newApp() model.App { return model.App{AllGroups: true, Product: model.ProductOther} }

// unlessNew leaves a setting out of an export where it is as in a new app,
// unless the app is of the kind that the setting belongs to.
func unlessNew(kind string, s setting[model.App]) setting[model.App] {
	s.omit = func(a model.App) bool { return a.Kind != kind && equalValues(s.get(a), s.get(newApp())) }
	return s
}

// allGroupsSetting is not exported: an app sees all groups where none are listed.
func allGroupsSetting() setting[model.App] {
	s := boolSetting("all_groups", func(a *model.App) *bool { return &a.AllGroups })
	s.omit = func(model.App) bool { return true }
	return s
}

// appGroupsSetting is the list of those that an app sees, in place of all.
func appGroupsSetting() setting[model.App] {
	s := listSetting("groups", func(a *model.App) *[]string { return &a.Groups })
	read := s.read
	s.read = func(r *reader, it item) func(*model.App) {
		set := read(r, it)
		if set == nil {
			return nil
		}
		if all, ok := it.lines["all_groups"].node.(*ast.BoolNode); ok && all.Value {
			r.problem(it.where("all_groups"), "an app sees all groups, or those listed: leave one of the two out.")
		}
		return func(a *model.App) {
			set(a)
			a.AllGroups = false
		}
	}
	s.omit = func(a model.App) bool { return a.AllGroups } // none at all is not the default
	s.mention = &mention{kind: "group"}
	return s
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

// checkAddress accepts an IP address or a network in CIDR form.
func checkAddress(s string) error {
	if _, err := netip.ParseAddr(s); err == nil {
		return nil
	}
	if _, err := netip.ParsePrefix(s); err == nil {
		return nil
	}
	return errors.New("is neither an IP address nor a network such as 10.0.0.0/24")
}
