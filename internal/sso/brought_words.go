package sso

// getCertificate is where AWS has what is wanted.
const getCertificate = "In AWS: the application, Actions, Edit configuration, Manage certificate; select the new certificate and download it."

// broughtErrors name what somebody brought in place of a certificate.
var broughtErrors = map[string]*PasteError{
	"empty": {
		Code: "empty", Title: "There is nothing in it",
		Text:   "The file, or the field, is empty.",
		Remedy: getCertificate,
	},
	"too_large": {
		Code: "too_large", Title: "It is too large",
		Text:   "More than 1 MiB is no certificate, and no metadata of one application.",
		Remedy: getCertificate,
	},
	"too_many": {
		Code: "too_many", Title: "It has too many certificates",
		Text:   "More than 20 are in it; an application in AWS has two at the most. This looks like a list of certificate authorities.",
		Remedy: getCertificate,
	},
	"damaged": {
		Code: "damaged", Title: "The certificate is damaged",
		Text:   "A part of it is missing, or was changed on the way. Nothing of it was taken.",
		Remedy: "Send it as a file and not as text in a message, or download it once more. " + getCertificate,
	},
	"private_key": {
		Code: "private_key", Title: "This is a private key",
		Text: "It has no certificate in it, and Postern needs no private key. AWS never hands one out, so it belongs to something else. Postern " +
			"did not keep it; whoever sent it should take it back where it was sent.",
		Remedy: getCertificate,
	},
	"request": {
		Code: "request", Title: "This is a request for a certificate (CSR)",
		Text:   "It is what one sends to a certificate authority, and holds no certificate. AWS makes its certificate by itself.",
		Remedy: getCertificate,
	},
	"public_key": {
		Code: "public_key", Title: "This is a public key",
		Text:   "It has no certificate around it, so nothing says until when it is valid.",
		Remedy: getCertificate,
	},
	"crl": {
		Code: "crl", Title: "This is a list of revoked certificates (CRL)",
		Text:   "It holds no certificate.",
		Remedy: getCertificate,
	},
	"pkcs7": {
		Code: "pkcs7", Title: "This is a PKCS #7 bundle (.p7b)",
		Text:   "Postern reads certificates by themselves. AWS offers its certificate as a PEM file.",
		Remedy: getCertificate + " Or unpack it: openssl pkcs7 -print_certs -in FILE.",
	},
	"pkcs12": {
		Code: "pkcs12", Title: "This is a PKCS #12 file (.p12, .pfx)",
		Text:   "It is made to hold a private key. AWS never hands out its key, so this is not AWS's certificate. Postern did not keep it.",
		Remedy: getCertificate,
	},
	"other_pem": {
		Code: "other_pem", Title: "This is something else in PEM",
		Text:   "It says of itself what it is, in the line that begins with -----BEGIN, and that is not CERTIFICATE.",
		Remedy: getCertificate,
	},
	"address": {
		Code: "address", Title: "This is an address",
		Text:   "Postern fetches AWS's metadata by itself where the connection has its address. Here the certificate itself is wanted.",
		Remedy: getCertificate,
	},
	"fingerprint": {
		Code: "fingerprint", Title: "This is a fingerprint",
		Text:   "It tells certificates apart, and one cannot make the certificate from it.",
		Remedy: getCertificate,
	},
	"archive": {
		Code: "archive", Title: "This is an archive (.zip)",
		Text:   "Postern does not open archives.",
		Remedy: "Unpack it, and bring the certificate that is in it.",
	},
	"unknown": {
		Code: "unknown", Title: "There is no certificate in it",
		Text:   "It is no PEM, no DER, no base64 of either and no metadata.",
		Remedy: getCertificate,
	},
}
