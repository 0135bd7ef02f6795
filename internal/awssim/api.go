package awssim

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
)

// Names of AWS's services, as requests are signed for them.
const (
	serviceStore = "identitystore"
	serviceSSO   = "sso"
	serviceSTS   = "sts"
)

// targets are the beginnings of X-Amz-Target and the service each is of.
var targets = map[string]string{"AWSIdentityStore": serviceStore, "SWBExternalService": serviceSSO}

// api answers AWS's SDKs: the Identity Store API and the one of IAM Identity
// Center (AWS JSON 1.1), and STS (forms and XML).
func (s *Simulator) api(w http.ResponseWriter, r *http.Request) {
	id := newUUID()
	w.Header().Set("X-Amzn-RequestId", id)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		err = invalid("read the request: %v", err)
	}
	if r.Header.Get("X-Amz-Target") == "" {
		s.answerSTS(w, r, body, id, err)
		return
	}
	var answer any
	if err == nil {
		answer, err = s.jsonAnswer(r, body)
	}
	status := http.StatusOK
	if err != nil {
		failure := failureOf(err)
		failure.RequestID = id
		answer, status = failure, storeStatus(failure.Type)
		w.Header().Set("X-Amzn-ErrorType", failure.Type)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // whoever asked has gone
}

func failureOf(err error) *storeError {
	failure := &storeError{}
	if !errors.As(err, &failure) {
		failure = &storeError{Type: "InternalServerException", Message: err.Error()}
	}
	return failure
}

func (s *Simulator) jsonAnswer(r *http.Request, body []byte) (any, error) {
	prefix, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	service, ok := targets[prefix]
	if !ok {
		return nil, unknownOperation(r.Header.Get("X-Amz-Target"))
	}
	caller, err := s.caller(r, body, service)
	if err != nil {
		return nil, err
	}
	if err := s.allowed(caller, service+":"+operation); err != nil {
		return nil, err
	}
	if service == serviceSSO {
		return s.ssoAdmin(operation, body)
	}
	return s.identityStore(operation, body)
}

// allowed refuses what the caller's policy lacks, in AWS's words.
func (s *Simulator) allowed(caller, action string) error {
	if !slices.Contains(s.Settings().DeniedActions, action) {
		return nil
	}
	return &storeError{Type: "AccessDeniedException", Message: "User: " + caller + " is not authorized to perform: " + action +
		" because no identity-based policy allows the " + action + " action"}
}

// partition is the first part of every ARN of the Region.
func (c *Settings) partition() string {
	switch {
	case strings.HasPrefix(c.Region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(c.Region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}
