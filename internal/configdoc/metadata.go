package configdoc

import (
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/internal/sso"
)

// metadataChange says what other metadata of AWS means: whose it is, and which
// certificates are trusted by it.
func metadataChange(from, to string) []edit {
	const key = "idp_metadata"
	o := sso.MetadataOptions{Now: time.Now(), AllowLoopbackHTTP: true} // which addresses may be used is judged elsewhere
	was, wasErr := sso.ParseMetadata([]byte(from), o)
	is, isErr := sso.ParseMetadata([]byte(to), o)
	switch {
	case isErr != nil, wasErr != nil && from != "":
		return differs(key, from, to) // what is wrong with it is said beside
	case wasErr != nil:
		was = new(sso.IdentityProvider)
	}
	parts := sso.Differences(was, is)
	for _, own := range []sso.Difference{
		{Name: "region", From: was.Region, To: is.Region},
		{Name: "account", From: was.AccountID, To: is.AccountID},
		{Name: "certificates", From: certificates(was), To: certificates(is)},
	} {
		if own.From != own.To {
			parts = append(parts, own)
		}
	}
	var edits []edit
	for _, part := range parts {
		if part.Name == sso.DifferenceEntityID {
			part.Name = "issuer" // as AWS calls it
		}
		edits = append(edits, changed(key+" "+part.Name, orNothing(part.From), orNothing(part.To)))
	}
	if len(edits) == 0 {
		edits = act(key, key+" is another text with the same addresses and certificates")
	}
	return edits
}

func orNothing(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// certificates names each certificate by the beginning of its fingerprint and its end.
func certificates(p *sso.IdentityProvider) string {
	const shown = len("AB:CD:EF:01:23:45")
	names := make([]string, len(p.Certificates))
	for i, c := range p.Certificates {
		names[i] = c.Fingerprint[:shown] + "… until " + model.Day(c.NotAfter)
	}
	return strings.Join(names, ", ")
}
