package crowd

import (
	"encoding/xml"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/postern-sso/postern/internal/store"
)

// eventEntity is one thing for the app to do. Which fields are set, and in XML
// the name of the element, say what it is about.
type eventEntity struct {
	XMLName      xml.Name      `json:"-"`
	Operation    string        `xml:"operation" json:"operation"`
	User         *userEntity   `xml:"user" json:"user,omitempty"`
	Group        *groupEntity  `xml:"group" json:"group,omitempty"`
	ChildUser    *userEntity   `xml:"childUser" json:"childUser,omitempty"`
	ParentGroups *parentGroups `xml:"parentGroups" json:"parentGroups,omitempty"`
}

type parentGroups struct {
	Expand string        `xml:"expand,attr" json:"expand"`
	Groups []groupEntity `xml:"group" json:"groups"`
}

// eventToken tells where an app goes on after a full synchronization.
func (c *call) eventToken() error {
	token, err := c.Store.EventToken(c.ctx, c.app.Slug, c.Now())
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, struct {
		XMLName   xml.Name `xml:"events" json:"-"`
		Token     string   `xml:"newEventToken,attr" json:"newEventToken"`
		Available bool     `xml:"incrementalSynchronisationAvailable,attr" json:"incrementalSynchronisationAvailable"`
	}{Token: token, Available: true})
}

// events tells what has changed since a token.
func (c *call) events() error {
	c.note.Path = "1/event/…"
	c.note.First = true
	news, token, err := c.Store.DirectoryEvents(c.ctx, c.app, chi.URLParam(c.r, "token"), c.Now())
	if err != nil {
		return err
	}
	c.note.Entries = len(news)
	s := c.stream()
	if c.json {
		s.text(`{"newEventToken":`)
		s.escaped(token)
		s.text(`,"incrementalSynchronisationAvailable":true,"events":[`)
	} else {
		s.text(xml.Header, `<events newEventToken="`)
		s.escaped(token)
		s.text(`" incrementalSynchronisationAvailable="true">`)
	}
	for _, e := range news {
		if err := s.item(c.event(e)); err != nil {
			return err
		}
	}
	if c.json {
		s.text("]}")
	} else {
		s.text("</events>")
	}
	return s.flush(0)
}

func (c *call) event(e store.DirectoryEvent) eventEntity {
	gone := e.Operation == store.OperationDeleted
	switch {
	case e.User != nil && e.Group != nil:
		user := c.userName("childUser", e.User.Username)
		return eventEntity{XMLName: xml.Name{Local: "userMembershipEvent"}, Operation: e.Operation, ChildUser: &user,
			ParentGroups: &parentGroups{Expand: "group", Groups: []groupEntity{c.groupName(e.Group.Name)}}}
	case e.User != nil:
		user := c.userName("user", e.User.Username)
		if !gone {
			user = c.wholeUser(*e.User)
		}
		return eventEntity{XMLName: xml.Name{Local: "userEvent"}, Operation: e.Operation, User: &user}
	default:
		group := c.groupName(e.Group.Name)
		if !gone {
			group = c.wholeGroup(*e.Group)
		}
		return eventEntity{XMLName: xml.Name{Local: "groupEvent"}, Operation: e.Operation, Group: &group}
	}
}
