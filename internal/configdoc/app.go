package configdoc

import (
	"strings"

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
	unlessNew(model.AppOIDC, listSetting("redirect_uris", func(a *model.App) *[]string { return &a.RedirectURIs }, model.CheckRedirectURI)),
	unlessNew("", listSetting("post_logout_uris", func(a *model.App) *[]string { return &a.PostLogoutURIs }, model.CheckRedirectURI)),
	unlessNew("", typedSetting("start_url", func(a *model.App) *string { return &a.StartURL }, strings.TrimSpace, unlessEmpty(model.CheckRedirectURI))),
	unlessNew(model.AppCrowd, listSetting("allowed_ips", func(a *model.App) *[]string { return &a.AllowedIPs }, model.CheckNetwork)),
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
