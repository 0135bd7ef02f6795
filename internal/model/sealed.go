package model

// What is sealed is bound to where it belongs, so that it opens nowhere else.
// These are the contexts, by the name of the row.

// SealedXML is the context of the XML of a login.
func SealedXML(loginID string) string { return "login:" + loginID }

// SealedSigningKey is the context of a private key that signs ID tokens.
func SealedSigningKey(id string) string { return "oidc-key:" + id }

// SealedSourceSecret is the context of the secret by which a source is read.
func SealedSourceSecret(slug string) string { return "source:" + slug }

// SealedTraceToken is the context of the token of a link to follow a login.
const SealedTraceToken = "trace-link"

// SealedPublicURL is for what a Postern asks an address, to know whether it leads
// to itself: only who has the key can open it.
const SealedPublicURL = "public-url"
