package sso

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// Claims is what a message says of itself. Nobody has verified it: it may tell
// where to look, and decides nothing.
type Claims struct {
	Root         string // the local name of its root
	Destination  string
	InResponseTo string
	Issuer       string
	Audience     string // the first one
}

// maxClaimTokens is up to where a message is looked at for what it says of itself.
const maxClaimTokens = 4000

// ClaimsOf reads what a message says of itself, as far as it can be read. The zero
// value is a message that says nothing.
func ClaimsOf(data []byte) (c Claims) {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, fmt.Errorf("not UTF-8") }
	var into *string
	for range maxClaimTokens {
		token, err := d.RawToken()
		if err != nil {
			return c
		}
		switch t := token.(type) {
		case xml.StartElement:
			if c.Root == "" {
				c.readRoot(t)
			}
			into = c.field(t.Name.Local)
		case xml.CharData:
			if into != nil && len(*into) < maxClaim {
				*into += strings.TrimSpace(string(t))
			}
		case xml.EndElement:
			into = nil
		}
		if c.Audience != "" && into == nil {
			return c
		}
	}
	return c
}

// maxClaim bounds what is kept of one claim, in bytes.
const maxClaim = 1024

func (c *Claims) readRoot(e xml.StartElement) {
	c.Root = e.Name.Local
	for _, a := range e.Attr {
		if a.Name.Space != "" {
			continue
		}
		switch a.Name.Local {
		case "Destination":
			c.Destination = a.Value
		case "InResponseTo":
			c.InResponseTo = a.Value
		}
	}
}

// field is where the text of an element goes; nil when it is of no interest.
func (c *Claims) field(local string) *string {
	switch {
	case local == "Issuer" && c.Issuer == "":
		return &c.Issuer
	case local == "Audience" && c.Audience == "":
		return &c.Audience
	}
	return nil
}

// Astray refuses a message that was posted to another address of this host than
// the assertion consumer service: it says what AWS's fields hold, as far as that
// can be told, and what belongs there. start is where a login begins.
func (sp ServiceProvider) Astray(at, start string, c Claims) *model.Refusal {
	cause, detail := sp.whyAstray(at, start, c)
	return Refuse(cause, sp.ACSURL, short(at), detail)
}

func (sp ServiceProvider) whyAstray(at, start string, c Claims) (model.Cause, string) {
	acs, audience := "“"+fieldACS.Label+"”", "“"+fieldAudience.Label+"”"
	switch {
	case c.Destination == sp.ACSURL:
		return model.CausePathChanged,
			"The answer says of itself that AWS made it for the right address, so the field " + acs + " holds what it should. It arrived at another one: " +
				"a proxy between the browser and Postern changes the path."
	case at == sp.EntityID && c.Audience == sp.ACSURL:
		return model.CauseACSAudienceExchanged,
			"In AWS, two fields are exchanged: " + acs + " holds the entity ID, and " + audience + " holds the assertion consumer service. " +
				sp.ACSURL + " belongs in " + acs + ", and " + sp.EntityID + " in " + audience + "."
	case at == sp.EntityID || strings.HasSuffix(at, "/metadata"):
		return model.CauseACSElsewhere,
			"In AWS, the field " + acs + " holds the address of our metadata. That belongs in " + audience + "; " + sp.ACSURL + " belongs in " + acs + "."
	case at == start:
		return model.CauseACSElsewhere,
			"In AWS, the field " + acs + " holds the address where a sign-in begins. That is no place for answers; in AWS it may only stand in " +
				"“Application start URL”. " + sp.ACSURL + " belongs in " + acs + "."
	}
	if how := misspelled(sp.ACSURL, at); how != "" {
		return model.CauseACSElsewhere,
			"In AWS, the field " + acs + " holds our address with " + how + ". It must be " + sp.ACSURL + ", to the last character."
	}
	return model.CauseACSElsewhere,
		"In AWS, the field " + acs + " holds an address of this host that takes no answers. " + sp.ACSURL + " belongs there."
}

// misspelled says how an address differs from the right one; empty where it is
// another address altogether.
func misspelled(right, at string) string {
	want, err := url.Parse(right)
	if err != nil {
		return ""
	}
	got, err := url.Parse(at)
	if err != nil || got.Host != want.Host {
		return ""
	}
	var how []string
	p := got.Path
	if len(p) > 1 && strings.HasSuffix(p, "/") {
		how, p = append(how, "a slash at its end"), strings.TrimRight(p, "/")
	}
	if strings.Contains(p, "//") {
		how, p = append(how, "two slashes in a row"), path.Clean(p)
	}
	if lower := strings.ToLower(p); lower != p && strings.HasSuffix(lower, want.Path) {
		how, p = append(how, "capital letters"), lower
	}
	if before, ok := strings.CutSuffix(p, want.Path); ok && before != "" {
		how, p = append(how, fmt.Sprintf("“%s” before it", short(before))), want.Path
	}
	if after, ok := strings.CutPrefix(p, want.Path+"/"); ok {
		how, p = append(how, fmt.Sprintf("“/%s” after it", short(after))), want.Path
	}
	if p != want.Path {
		return ""
	}
	return strings.Join(how, " and ")
}

// AstrayCheck is the failed check of a trace for what Astray refuses.
func AstrayCheck(r *model.Refusal) model.Check {
	return titled([]model.Check{failed("place", r)})[0]
}

// RelayCheck is the check of a trace for the RelayState of a login that AWS
// started: known says that it names a path of this site or an app's address.
func RelayCheck(relayState string, known bool) model.Check {
	c := passed("relay_state", "a path of this site, or an address of a registered app", short(relayState))
	if !known {
		c.State = model.CheckWarning
		c.Note = "It names neither, so the person goes to their own page. In AWS it stands in the application's field “Relay state”."
	}
	return titled([]model.Check{c})[0]
}
