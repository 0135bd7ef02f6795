package sso

// target is a place in a message, by local names: an attribute of an element,
// or, without attribute, the element's name and its text. An empty element
// means any.
type target struct {
	element, attribute string
	marked             marking
}

// marking says when a place is marked.
type marking int

const (
	markAnyway  marking = iota
	markExact           // only where it has the received value
	markLacking         // only where the message has no other of the places
)

func at(element, attribute string) target    { return target{element, attribute, markAnyway} }
func exact(element, attribute string) target { return target{element, attribute, markExact} }
func lacking(element string) target          { return target{element, "", markLacking} }

// Places that several refusals are about.
var (
	notInMessage      = []target{} // the refusal is not about the message
	placesOfSubject   = []target{at("NameID", ""), at("AttributeValue", "")}
	placesOfRequest   = []target{at("Response", "InResponseTo"), at("SubjectConfirmationData", "InResponseTo")}
	placesOfAlgorithm = []target{at("SignatureMethod", "Algorithm"), at("DigestMethod", "Algorithm"),
		exact("CanonicalizationMethod", "Algorithm"), exact("Transform", "Algorithm")}
)
