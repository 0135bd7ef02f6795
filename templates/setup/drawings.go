package setup

import (
	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
	"github.com/postern-sso/postern/internal/wizard"
	"github.com/postern-sso/postern/templates/ui"
)

// Drawings are AWS's screens with the values of one connection in place. They
// need nothing else of the console, so whoever holds a setup link sees the very
// same ones.
type Drawings struct {
	Slug         string
	Name         string // of the connection, and of the application in AWS
	Values       []wizard.AWSValue
	Rows         []wizard.AttributeRow
	NameIDFormat model.NameIDFormat // that requests ask for
	Region       string             // code; empty: unknown
	ConsoleURL   string             // AWS's console, or the simulated AWS
	Simulated    bool
}

// counter numbers what there is to do, in the order in which it is drawn.
type counter int

func (c *counter) next() int {
	*c++
	return int(*c)
}

// screenOf is a drawn screen somewhere below “Applications”.
func (d Drawings) screenOf(id, title, caption string, crumbs ...string) ui.AWSScreenView {
	v := ui.AWSScreenView{ID: id, Title: title, Caption: caption, Crumbs: append([]string{"IAM Identity Center"}, crumbs...)}
	if d.Region != "" {
		v.Region = wizard.RegionName(d.Region)
	}
	return v
}

// inputOf is a field with its value; one that stays empty has no number.
func inputOf(v wizard.AWSValue, n *counter) ui.AWSInputView {
	in := ui.AWSInputView{Label: v.Label, Value: v.Value, Note: v.Note}
	if v.Value != "" {
		in.Mark = n.next()
	}
	return in
}

// metadataAddress shows the shape of the address that the next step asks for.
func (d Drawings) metadataAddress() string {
	region := d.Region
	if region == "" {
		region = "REGION"
	}
	return "https://" + sso.PartitionOf(region).SAMLHost(region) + "/saml/metadata/…"
}

func (d Drawings) subjectFormat() string {
	if len(d.Rows) == 0 {
		return ""
	}
	return d.Rows[0].Format
}

// asksFormat tells whether requests ask AWS for a format of the Subject.
func (d Drawings) asksFormat() bool {
	return d.NameIDFormat != "" && d.NameIDFormat != model.NameIDNone
}
