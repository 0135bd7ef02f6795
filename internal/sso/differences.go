package sso

// Difference is one thing that metadata say otherwise, by its name.
type Difference struct{ Name, From, To string }

// DifferenceEntityID is the name of the identity provider's own name.
const DifferenceEntityID = "entity ID"

// Differences are the addresses that two metadata have otherwise: what they mean,
// not how they are written. For the certificates see CompareCertificates.
func Differences(was, is *IdentityProvider) []Difference {
	var found []Difference
	for _, d := range []Difference{
		{DifferenceEntityID, was.EntityID, is.EntityID},
		{"sign-in address", was.RedirectURL, is.RedirectURL},
		{"sign-in address for forms", was.PostURL, is.PostURL},
		{"sign-out address", was.LogoutURL, is.LogoutURL},
	} {
		if d.From != d.To {
			found = append(found, d)
		}
	}
	return found
}
