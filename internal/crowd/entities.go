package crowd

import (
	"encoding/xml"
	"net/url"

	"github.com/postern-sso/postern/internal/model"
)

type linkEntity struct {
	XMLName xml.Name `xml:"link" json:"-"`
	Rel     string   `xml:"rel,attr" json:"rel"`
	Href    string   `xml:"href,attr" json:"href"`
}

// userEntity is a user; without the pointers it is a name and a link.
type userEntity struct {
	XMLName     xml.Name          `json:"-"`
	Name        string            `xml:"name,attr" json:"name"`
	Expand      string            `xml:"expand,attr,omitempty" json:"expand,omitempty"`
	Link        *linkEntity       `xml:"link,omitempty" json:"link,omitempty"`
	FirstName   *string           `xml:"first-name" json:"first-name,omitempty"`
	LastName    *string           `xml:"last-name" json:"last-name,omitempty"`
	DisplayName *string           `xml:"display-name" json:"display-name,omitempty"`
	Email       *string           `xml:"email" json:"email,omitempty"`
	Key         *string           `xml:"key" json:"key,omitempty"`
	Active      *bool             `xml:"active" json:"active,omitempty"`
	Password    *passwordEntity   `xml:"password" json:"password,omitempty"`
	Attributes  *attributesEntity `xml:"attributes" json:"attributes,omitempty"`
}

type passwordEntity struct {
	Link linkEntity `json:"link"`
}

// attributesEntity is always empty: Postern keeps no attributes.
type attributesEntity struct {
	XMLName    xml.Name    `xml:"attributes" json:"-"`
	Attributes []struct{}  `xml:"attribute" json:"attributes"`
	Link       *linkEntity `json:"link,omitempty"`
}

// groupEntity is a group; without the pointers it is a name and a link.
type groupEntity struct {
	XMLName     xml.Name          `xml:"group" json:"-"`
	Name        string            `xml:"name,attr" json:"name"`
	Expand      string            `xml:"expand,attr,omitempty" json:"expand,omitempty"`
	Link        *linkEntity       `xml:"link,omitempty" json:"link,omitempty"`
	Type        *string           `xml:"type" json:"type,omitempty"`
	Description *string           `xml:"description" json:"description,omitempty"`
	Active      *bool             `xml:"active" json:"active,omitempty"`
	Attributes  *attributesEntity `xml:"attributes" json:"attributes,omitempty"`
}

// url is the address of a resource with one argument.
func (h *Handler) url(resource, argument, value string) string {
	u := h.PublicURL + Base + "/rest/usermanagement/1/" + resource
	if argument != "" {
		u += "?" + argument + "=" + url.QueryEscape(value)
	}
	return u
}

func (h *Handler) link(rel, resource, argument, value string) *linkEntity {
	return &linkEntity{Rel: rel, Href: h.url(resource, argument, value)}
}

// userName is a user as a name and a link. Element is what XML calls it.
func (h *Handler) userName(element, username string) userEntity {
	return userEntity{XMLName: xml.Name{Local: element}, Name: username, Link: h.link("self", "user", "username", username)}
}

// wholeUser is a user with everything that apps may know.
func (h *Handler) wholeUser(u model.User) userEntity {
	e := h.userName("user", u.Username)
	e.Expand = "attributes"
	e.FirstName, e.LastName, e.DisplayName, e.Email = &u.FirstName, &u.LastName, &u.DisplayName, &u.Email
	if u.DisplayName == "" { // apps show it, and some refuse a user without
		e.DisplayName = &u.Username
	}
	e.Key, e.Active = &u.ID, &u.Active
	e.Password = &passwordEntity{*h.link("edit", "user/password", "username", u.Username)}
	e.Attributes = h.attributes("user/attribute", "username", u.Username)
	return e
}

func (h *Handler) attributes(resource, argument, name string) *attributesEntity {
	return &attributesEntity{Attributes: []struct{}{}, Link: h.link("self", resource, argument, name)}
}

func (h *Handler) groupName(name string) groupEntity {
	return groupEntity{Name: name, Link: h.link("self", "group", "groupname", name)}
}

func (h *Handler) wholeGroup(g model.Group) groupEntity {
	e := h.groupName(g.Name)
	kind, active := "GROUP", true
	e.Expand, e.Type, e.Active, e.Description = "attributes", &kind, &active, &g.Description
	e.Attributes = h.attributes("group/attribute", "groupname", g.Name)
	return e
}
