package sso

// checkTitles names every check for people.
var checkTitles = map[string]string{
	"form":                  "The form can be read",
	"place":                 "The answer came to the right address",
	"size":                  "The answer is not too large",
	"xml_shape":             "The answer has the shape of a SAML response",
	"status":                "AWS says that the sign-in succeeded",
	"signature_algorithm":   "The signatures use safe algorithms",
	"signature_response":    "The Response is signed by AWS",
	"signature_assertion":   "The Assertion is signed by AWS",
	"certificate":           "The certificate is known",
	"issuer":                "The answer is from the right AWS application",
	"destination":           "The answer was sent to us",
	"recipient":             "The answer was made for us",
	"audience":              "We are the audience",
	"clock":                 "AWS's clock and ours agree",
	"not_before":            "The answer is valid already",
	"not_on_or_after":       "The answer is still valid",
	"confirmation":          "The answer confirms the person",
	"in_response_to":        "The answer belongs to our request",
	"browser":               "The same browser asked",
	"session":               "The session at AWS is not over",
	"replay":                "The answer was not used before",
	"relay_state":           "Where the RelayState leads",
	"repeated":              "The same answer came again",
	"subject":               "The answer says who signed in",
	"attribute_username":    "The source of the username was sent",
	"attribute_email":       "The email was sent",
	"attribute_first_name":  "The first name was sent",
	"attribute_last_name":   "The last name was sent",
	"attribute_external_id": "The stable id was sent",
	"attribute_aws_groups":  "The AWS groups were sent",
	"username":              "The username can be used",
	"one_person":            "Nobody else brings the same name",
	"read_at_login":         "The person was read from their source first",
	"user":                  "The person may sign in here",
}

// CheckTitle is the name of a check for people; an unknown id is its own name.
func CheckTitle(id string) string {
	if t, ok := checkTitles[id]; ok {
		return t
	}
	return id
}
