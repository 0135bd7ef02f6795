package awssim

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"

type (
	stsIdentity struct {
		XMLName xml.Name `xml:"GetCallerIdentityResponse"`
		XMLNS   string   `xml:"xmlns,attr"`
		Arn     string   `xml:"GetCallerIdentityResult>Arn"`
		UserID  string   `xml:"GetCallerIdentityResult>UserId"`
		Account string   `xml:"GetCallerIdentityResult>Account"`
		Request string   `xml:"ResponseMetadata>RequestId"`
	}
	stsAssumed struct {
		XMLName     xml.Name       `xml:"AssumeRoleResponse"`
		XMLNS       string         `xml:"xmlns,attr"`
		Arn         string         `xml:"AssumeRoleResult>AssumedRoleUser>Arn"`
		ID          string         `xml:"AssumeRoleResult>AssumedRoleUser>AssumedRoleId"`
		Credentials stsCredentials `xml:"AssumeRoleResult>Credentials"`
		Request     string         `xml:"ResponseMetadata>RequestId"`
	}
	stsCredentials struct {
		AccessKeyID     string `xml:"AccessKeyId"`
		SecretAccessKey string
		SessionToken    string
		Expiration      string
	}
	stsError struct {
		XMLName xml.Name `xml:"ErrorResponse"`
		XMLNS   string   `xml:"xmlns,attr"`
		Type    string   `xml:"Error>Type"`
		Code    string   `xml:"Error>Code"`
		Message string   `xml:"Error>Message"`
		Request string   `xml:"RequestId"`
	}
)

// answerSTS answers two operations of AWS's Security Token Service
// (https://docs.aws.amazon.com/STS/latest/APIReference/).
func (s *Simulator) answerSTS(w http.ResponseWriter, r *http.Request, body []byte, id string, err error) {
	var answer any
	if err == nil {
		answer, err = s.stsAnswer(r, body, id)
	}
	status := http.StatusOK
	if err != nil {
		failure := failureOf(err)
		// STS calls some errors by shorter names than the other APIs do.
		code := strings.TrimSuffix(failure.Type, "Exception")
		switch code {
		case "UnrecognizedClient":
			code, status = "InvalidClientTokenId", http.StatusForbidden
		case "InvalidSignature":
			code, status = "SignatureDoesNotMatch", http.StatusForbidden
		case "AccessDenied", "MissingAuthenticationToken", "ExpiredToken":
			status = http.StatusForbidden
		default:
			status = http.StatusBadRequest
		}
		answer = stsError{XMLNS: stsNamespace, Type: "Sender", Code: code, Message: failure.Message, Request: id}
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_ = xml.NewEncoder(w).Encode(answer) // whoever asked has gone
}

func (s *Simulator) stsAnswer(r *http.Request, body []byte, id string) (any, error) {
	caller, err := s.caller(r, body, serviceSTS)
	if err != nil {
		return nil, err
	}
	q, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, invalid("the form is malformed: %v", err)
	}
	switch action := q.Get("Action"); action {
	case "GetCallerIdentity":
		return stsIdentity{XMLNS: stsNamespace, Arn: caller, UserID: "AIDASIMULATED", Account: s.Settings().Account, Request: id}, nil
	case "AssumeRole":
		return s.assumeRole(caller, q, id)
	default:
		return nil, &storeError{Type: "InvalidAction", Message: "Could not find operation " + action}
	}
}

// assumeRole gives temporary credentials of a role to whoever knows its external id.
func (s *Simulator) assumeRole(caller string, q url.Values, id string) (any, error) {
	c := s.Settings()
	known := false
	for _, role := range c.Roles {
		known = known || role.ARN == q.Get("RoleArn") && role.ExternalID == q.Get("ExternalId")
	}
	if !known {
		return nil, &storeError{Type: "AccessDenied", Message: "User: " + caller + " is not authorized to perform: sts:AssumeRole on resource: " +
			q.Get("RoleArn")}
	}
	seconds := 3600
	if text := q.Get("DurationSeconds"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 900 || n > 43200 {
			return nil, &storeError{Type: "ValidationError", Message: "durationSeconds must be from 900 to 43200"}
		}
		seconds = n
	}
	_, path, _ := strings.Cut(q.Get("RoleArn"), ":role/")
	name := path[strings.LastIndexByte(path, '/')+1:]
	arn := "arn:" + c.partition() + ":sts::" + c.Account + ":assumed-role/" + name + "/" + q.Get("RoleSessionName")
	keyID, key := s.issueKey(arn, time.Duration(seconds)*time.Second)
	return stsAssumed{XMLNS: stsNamespace, Arn: arn, ID: "AROASIMULATED:" + q.Get("RoleSessionName"), Request: id, Credentials: stsCredentials{
		AccessKeyID: keyID, SecretAccessKey: key.secret, SessionToken: key.token, Expiration: key.until.UTC().Format(time.RFC3339),
	}}, nil
}
