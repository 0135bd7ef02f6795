package sso

import (
	"slices"
	"strings"
	"time"

	"github.com/crewjam/saml"

	"github.com/postern-sso/postern/internal/model"
)

// FindingOtherIdP is the code of the finding that metadata is not AWS's.
const FindingOtherIdP = "other_idp"

// FindingNoFormat is the code of the finding that AWS has no Subject mapped yet.
const FindingNoFormat = "name_id_format_missing"

func (idp *IdentityProvider) add(code, text string) {
	idp.Findings = append(idp.Findings, Finding{Code: code, Text: text})
}

// findings are what people should know of what the metadata says.
func (idp *IdentityProvider) findings(now time.Time) {
	if idp.AccountID == "" {
		idp.add(FindingOtherIdP, "This is not the metadata of AWS IAM Identity Center but of "+providerName(idp.EntityID)+
			". Where AWS gets its people from there, it is the file that AWS was given. Sign-in would go to "+providerName(idp.EntityID)+
			" directly, past AWS. To go through AWS, bring the file of the application in AWS instead.")
	}
	if !idp.ValidUntil.IsZero() && now.After(idp.ValidUntil) {
		idp.add("valid_until_passed", "The metadata says that it was valid only until "+model.Day(idp.ValidUntil)+". Get it again.")
	}
	if len(idp.Certificates) > 1 {
		idp.add("several_certificates", "The metadata has several certificates. All of them are trusted, which is right while a certificate is being replaced.")
	}
	if idp.AccountID != "" && len(idp.NameIDFormats) == 0 {
		idp.add(FindingNoFormat, "The Subject is not mapped in AWS yet: the metadata names no format for it. That is normal at this point. Import the "+
			"metadata again after you have edited the attribute mappings.")
	}
	for _, c := range idp.Certificates {
		for _, f := range c.Findings {
			if at := strings.Index(f.Text, " In AWS: "); idp.AccountID == "" && at > 0 {
				f.Text = f.Text[:at] // another provider's way is not known here
			}
			idp.Findings = append(idp.Findings, f)
		}
	}
}

// remarks are about what does not count here, and tells where the file is from:
// times that cannot be read, a wish for signed requests, and a tile of an AWS
// account, whose metadata has a persistent Subject and no XML declaration.
func (idp *IdentityProvider) remarks(oddTimes []string, undeclared bool, d saml.IDPSSODescriptor) {
	for _, name := range slices.Compact(oddTimes) {
		idp.add("time_unreadable", "The metadata has a time that cannot be read ("+name+"). It was left out; nothing here depends on it.")
	}
	if d.WantAuthnRequestsSigned != nil && *d.WantAuthnRequestsSigned {
		idp.add("wants_signed_requests", "The metadata asks for signed requests, and Postern's are not signed. AWS takes them as they are; another provider may not.")
	}
	persistent := len(idp.NameIDFormats) == 1 && idp.NameIDFormats[0] == model.NameIDPersistent.URN()
	if idp.AccountID != "" && undeclared && persistent {
		idp.add("account_tile", "This looks like the metadata of the tile of an AWS account, not of the application that you made for Postern. If the "+
			"test does not get through, download the file of that application.")
	}
}
