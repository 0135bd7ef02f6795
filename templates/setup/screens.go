package setup

import (
	"slices"

	"github.com/postern-sso/postern/internal/wizard"
)

// The labels of AWS's form “Configure application”, by the panel they stand in
// and in AWS's order. Source: IAM Identity Center user guide, “Set up your own
// SAML 2.0 application”.
var (
	panelNames      = []string{"Display name", "Description"}
	panelProperties = []string{"Application start URL", "Relay state", "Session duration"}
	panelMetadata   = []string{"Application ACS URL", "Application SAML audience"}
)

// panel picks the values of one panel, in their own order.
func panel(values []wizard.AWSValue, labels []string) []wizard.AWSValue {
	var picked []wizard.AWSValue
	for _, v := range values {
		if slices.Contains(labels, v.Label) {
			picked = append(picked, v)
		}
	}
	return picked
}
