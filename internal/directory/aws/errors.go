package aws

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"unicode"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	storetypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	ssotypes "github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"
	"github.com/aws/smithy-go"

	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/directory/reach"
	"github.com/postern-sso/postern/internal/model"
)

// said is what AWS answered, without its words: those may repeat a signed request.
type said struct {
	code    string
	status  int
	request string
	cause   error // only the end of the time, or of the run
}

func (s *said) Error() string {
	return fmt.Sprintf("AWS answered %s (status %d, request %s)", s.code, s.status, s.request)
}

func (s *said) Unwrap() error { return s.cause }

// explain says in words why a call failed. What AWS or the SDK said is kept only
// where it cannot hold a credential.
func (r *Reader) explain(ctx context.Context, a action, err error) *directory.ReadError {
	var done *directory.ReadError
	if errors.As(err, &done) {
		return done
	}
	if inner, ok := innermost(err); ok {
		a = inner
	}
	e := r.judge(ctx, a, err)
	if e.Err == nil {
		e.Err = keep(ctx, err)
	}
	return e
}

// innermost is the call of the SDK that failed, where it is another than was made:
// a role is assumed on the way.
func innermost(err error) (action, bool) {
	var found bool
	for {
		var op *smithy.OperationError
		if !errors.As(err, &op) {
			break
		}
		found = found || op.Service() == "STS" && op.Operation() == "AssumeRole"
		err = op.Err
	}
	return assumeRole, found
}

func keep(ctx context.Context, err error) error {
	s := &said{code: "nothing", cause: ctx.Err()}
	var answer smithy.APIError
	if errors.As(err, &answer) {
		s.code = clean(answer.ErrorCode(), 100)
	}
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		s.status, s.request = response.HTTPStatusCode(), clean(response.ServiceRequestID(), 100)
	}
	return s
}

// judge orders what can go wrong: the run itself, what AWS answered, how it was
// reached, the credentials.
func (r *Reader) judge(ctx context.Context, a action, err error) *directory.ReadError {
	switch {
	case errors.Is(context.Cause(ctx), errRunOver):
		return &directory.ReadError{Reason: "time_limit", Detail: "AWS was not read to the end within " + model.Duration(r.limits.run) + ".",
			Remedy: "Name fewer groups: the members of each named group take at least one call."}
	case ctx.Err() != nil:
		return &directory.ReadError{Reason: "canceled", Detail: "The reading was stopped."}
	case errors.Is(err, errTooLong):
		return &directory.ReadError{Reason: "too_large", Detail: "AWS answered more than is read of it when asked to " + purposes[a] + ".",
			Remedy: "If this is not AWS's own address, look at what answers there."}
	}
	var answer smithy.APIError
	if errors.As(err, &answer) && answer.ErrorCode() != "UnknownError" { // the SDK's word for an answer without a code
		return r.judgeAnswer(a, answer, err)
	}
	if e := r.judgeConnection(a, err); e != nil {
		return e
	}
	var none *credentialsError
	if errors.As(err, &none) {
		return r.noCredentials(none)
	}
	return r.strange(a, err)
}

// strange is what is no answer of AWS's API, of AWS itself or of what stands between.
func (r *Reader) strange(a action, err error) *directory.ReadError {
	e := &directory.ReadError{Reason: "bad_answer", Detail: "Could not " + purposes[a] + ": the answer was none that AWS documents.",
		Remedy: "Look at whether a proxy or another program answers in place of AWS."}
	var response *awshttp.ResponseError
	if errors.As(err, &response) && response.HTTPStatusCode() != http.StatusOK {
		e.Detail = fmt.Sprintf("Could not %s: the answer had the status %d and was none that AWS documents.", purposes[a], response.HTTPStatusCode())
	}
	if response != nil && response.HTTPStatusCode() >= http.StatusInternalServerError {
		e.Reason, e.Remedy = "aws_fault", "AWS, or a proxy on the way to it, has a fault of its own. The next run tries again."
	}
	return e
}

func (r *Reader) noCredentials(e *credentialsError) *directory.ReadError {
	switch {
	case errors.Is(e, errNoKeys):
		return &directory.ReadError{Reason: "no_credentials", Detail: "No access key is kept for this source.",
			Remedy: "Enter an access key, or choose the credentials of the machine."}
	case errors.Is(e, context.DeadlineExceeded):
		return &directory.ReadError{Reason: "no_credentials", Detail: "The machine gave no AWS credentials within " + model.Duration(r.limits.credentials) + ".",
			Remedy: "Outside of AWS set AWS_EC2_METADATA_DISABLED=true and give the process a profile or keys; inside, attach a role to the machine."}
	}
	return &directory.ReadError{Reason: "no_credentials", Detail: "The machine has no AWS credentials that this process could use.",
		Remedy: "Attach a role to the machine or container, or give the process a profile or keys in its environment."}
}

func (r *Reader) judgeConnection(a action, err error) *directory.ReadError {
	at := r.where(a)
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var dns *net.DNSError
	var netErr net.Error
	var refused *reach.RefusedError
	switch {
	case errors.As(err, &refused):
		return &directory.ReadError{Reason: "address_refused", Detail: "The name of " + at + " leads to " + refused.Addr.String() +
			", where no AWS stands: cloud machines find their credentials at such addresses.", Remedy: "Look at the name service of this machine."}
	case errors.As(err, &authority), errors.As(err, &name), errors.As(err, &invalid):
		return &directory.ReadError{Reason: "tls_untrusted", Detail: "The certificate of " + at + " is not trusted.",
			Remedy: "If a proxy opens TLS here, give this machine the proxy's authority (SSL_CERT_FILE)."}
	case errors.As(err, &dns):
		return &directory.ReadError{Reason: "unreachable", Detail: "The name of " + at + " is not known here.",
			Remedy: "Look at the Region, and at the name service of this machine."}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		var none *credentialsError
		if errors.As(err, &none) {
			return nil // the machine did not answer, not AWS
		}
		return &directory.ReadError{Reason: "timeout", Detail: "Could not " + purposes[a] + ": " + at + " did not answer in time.",
			Remedy: "Look at firewalls and proxies between this machine and AWS. The next run tries again."}
	case errors.As(err, new(*net.OpError)):
		var none *credentialsError
		if errors.As(err, &none) && a != assumeRole {
			return nil
		}
		return &directory.ReadError{Reason: "unreachable", Detail: "Nobody answers at " + at + ".",
			Remedy: "Look at firewalls and proxies between this machine and AWS."}
	}
	return nil
}

// where is who was to answer.
func (r *Reader) where(a action) string {
	if r.o.Settings.Endpoint != "" {
		return "the endpoint of the settings"
	}
	service, _, _ := strings.Cut(string(a), ":")
	return "AWS (" + service + " in " + r.o.Settings.Region + ")"
}

// reasonOf is the reason that several exceptions carry, in one spelling for both
// services: KMS_ACCESS_DENIED and KMS_AccessDeniedException are the same.
func reasonOf(err error) string {
	reasons := func(one string) string {
		return map[string]string{
			"KMS_AccessDeniedException": "KMS_ACCESS_DENIED", "KMS_NotFoundException": "KMS_KEY_NOT_FOUND",
			"KMS_ThrottlingException": "KMS_THROTTLING", "KMS_InvalidKeyUsageException": "KMS_INVALID_KEY_USAGE",
			"KMS_InvalidStateException": "KMS_INVALID_STATE", "KMS_DisabledException": "KMS_DISABLED",
		}[one]
	}
	var (
		storeDenied  *storetypes.AccessDeniedException
		storeMissing *storetypes.ResourceNotFoundException
		storeSlow    *storetypes.ThrottlingException
		storeInvalid *storetypes.ValidationException
		ssoDenied    *ssotypes.AccessDeniedException
		ssoMissing   *ssotypes.ResourceNotFoundException
		ssoSlow      *ssotypes.ThrottlingException
		ssoInvalid   *ssotypes.ValidationException
	)
	switch {
	case errors.As(err, &storeDenied):
		return string(storeDenied.Reason)
	case errors.As(err, &storeMissing):
		return string(storeMissing.Reason)
	case errors.As(err, &storeSlow):
		return string(storeSlow.Reason)
	case errors.As(err, &storeInvalid):
		return string(storeInvalid.Reason)
	case errors.As(err, &ssoDenied):
		return reasons(string(ssoDenied.Reason))
	case errors.As(err, &ssoMissing):
		return reasons(string(ssoMissing.Reason))
	case errors.As(err, &ssoSlow):
		return reasons(string(ssoSlow.Reason))
	case errors.As(err, &ssoInvalid):
		return reasons(string(ssoInvalid.Reason))
	}
	return ""
}

// missing tells whether AWS said that a thing of the type does not exist.
func missing(err error, of storetypes.ResourceType) bool {
	var e *storetypes.ResourceNotFoundException
	return errors.As(err, &e) && e.ResourceType == of && e.Reason == ""
}

var secretive = regexp.MustCompile(`(?i)signature|canonical|credential|x-amz|authorization|secret|token`)

// quote is what AWS said, for people who look for its words; nothing where that
// could repeat parts of a signed request or name a key.
func (r *Reader) quote(message string) string {
	message = clean(message, 400)
	if message == "" || secretive.MatchString(message) || keyInText.MatchString(message) ||
		r.o.Keys.AccessKeyID != "" && strings.Contains(message, r.o.Keys.AccessKeyID) ||
		r.o.Keys.SecretAccessKey != "" && strings.Contains(message, r.o.Keys.SecretAccessKey) {
		return ""
	}
	return " AWS says: “" + message + "”."
}

var keyInText = regexp.MustCompile(`\bA[A-Z]{3}[A-Z0-9]{12,}\b`)

// clean makes text of what came from outside, on one line and not longer than most.
func clean(text string, most int) string {
	text = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || !unicode.IsPrint(c) && c != ' ' {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(text, "\uFFFD"))
	text = strings.TrimRight(strings.Join(strings.Fields(text), " "), ".")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
