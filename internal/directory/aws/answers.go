package aws

import (
	"fmt"
	"strings"

	storetypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/smithy-go"

	"github.com/postern-sso/postern/internal/directory"
)

// keyProblems are the reasons by which AWS names the customer's key in place of what
// was asked for.
var keyProblems = map[string]struct{ reason, detail, remedy string }{
	"KMS_ACCESS_DENIED": {"kms_access_denied", "the identity store is encrypted with your own key, and these credentials may not use it",
		"Allow kms:Decrypt with that key, in the policy and in the key's own policy."},
	"KMS_THROTTLING": {"throttled", "AWS KMS, which opens the identity store's key, had too many requests", "The next run tries again."},
	"KMS_KEY_NOT_FOUND": {"kms_key_not_found", "the key that the identity store is encrypted with does not exist",
		"Look at the key in AWS KMS: nothing in the store can be read without it."},
	"KMS_INVALID_ARN": {"kms_invalid_arn", "the ARN of the key that the identity store is encrypted with is not valid",
		"Look at the key in the settings of IAM Identity Center."},
	"KMS_INVALID_KEY_USAGE": {"kms_invalid_key_usage", "the key that the identity store is encrypted with is made for another use",
		"Look at the key in the settings of IAM Identity Center: it has to be a symmetric key for encryption."},
	"KMS_INVALID_STATE": {"kms_invalid_state", "the key that the identity store is encrypted with is in a state in which it cannot be used",
		"Look at the key in AWS KMS: it may be pending deletion."},
	"KMS_DISABLED": {"kms_disabled", "the key that the identity store is encrypted with is disabled", "Enable the key in AWS KMS."},
}

// judgeAnswer says in words what AWS answered.
func (r *Reader) judgeAnswer(a action, answer smithy.APIError, err error) *directory.ReadError {
	failed := func(reason, why, remedy string) *directory.ReadError {
		return &directory.ReadError{Reason: reason, Detail: "Could not " + purposes[a] + ": " + why + ".", Remedy: remedy}
	}
	if p, ok := keyProblems[reasonOf(err)]; ok {
		return failed(p.reason, p.detail, p.remedy)
	}
	code := clean(answer.ErrorCode(), 80)
	switch strings.TrimSuffix(code, "Exception") {
	case "AccessDenied", "Unauthorized", "NotAuthorized":
		return r.accessDenied(a, answer)
	case "Throttling", "TooManyRequests", "RequestLimitExceeded", "RequestThrottled":
		return failed("throttled", fmt.Sprintf("AWS had too many requests, also at the %s try", ordinal(r.limits.attempts)),
			"Another program may use up what AWS allows the account. The next run tries again.")
	case "ExpiredToken", "RequestExpired", "TokenRefreshRequired":
		return failed("expired_token", "the temporary credentials have expired",
			"Give the process credentials that renew themselves: a role, not a copied session.")
	case "UnrecognizedClient", "InvalidClientTokenId", "InvalidAccessKeyId":
		return failed("invalid_credentials", "AWS does not know the access key, or it was deactivated",
			"Enter a key that is active in IAM, and look at whether it is of the same partition as the Region.")
	case "InvalidSignature", "SignatureDoesNotMatch", "IncompleteSignature", "MissingAuthenticationToken":
		if outOfTime(answer.ErrorMessage()) {
			return failed("clock", "this machine's clock differs from AWS's by more than it allows", "Set the clock of this machine by NTP.")
		}
		return failed("invalid_credentials", "the secret access key does not belong to the access key ID, or the Region is another one",
			"Enter both parts of the key again, and look at the Region.")
	case "RequestTimeTooSkewed", "RequestInTheFuture":
		return failed("clock", "this machine's clock differs from AWS's by more than it allows", "Set the clock of this machine by NTP.")
	case "OptInRequired", "SubscriptionRequired", "RegionDisabled":
		return failed("region_disabled", "the Region is not enabled in the AWS account",
			"Enable the Region, or write the one in which IAM Identity Center is.")
	case "ResourceNotFound":
		return r.notFound(a, err)
	case "Validation", "ValidationError":
		e := failed("invalid_request", "AWS finds the request invalid", "Look at the identity store ID and the Region.")
		e.Detail += r.quote(answer.ErrorMessage())
		return e
	case "ServiceQuotaExceeded":
		return failed("quota_exceeded", "a quota of the AWS account is used up", "Look at Service Quotas in AWS.")
	case "Conflict":
		return failed("conflict", "somebody changes the same in AWS at this moment", "The next run tries again.")
	case "InternalServer", "InternalFailure", "ServiceUnavailable", "InternalServerError":
		return failed("aws_fault", fmt.Sprintf("AWS has a fault of its own, also at the %s try", ordinal(r.limits.attempts)),
			"Look at health.aws.amazon.com. The next run tries again.")
	}
	return failed("aws_error", "AWS answered "+code, "")
}

func (r *Reader) accessDenied(a action, answer smithy.APIError) *directory.ReadError {
	e := &directory.ReadError{Reason: "access_denied", Detail: "Could not " + purposes[a] + ": AWS does not allow " + string(a) + " to these credentials." +
		r.quote(answer.ErrorMessage())}
	switch {
	case a == assumeRole:
		e.Remedy = "Look at the trust policy of the role: it has to name who these credentials are, and the external ID of this source. " +
			"The credentials themselves have to be allowed sts:AssumeRole for the role."
	case a.ofStore():
		e.Remedy = "Add " + string(a) + " to the policy. If it is there, look at the network controls of the identity store " +
			"(allowed IP addresses, VPCs and VPC endpoints), which refuse in the same way, and at service control policies and denies of sso-directory."
	default:
		e.Remedy = "Add " + string(a) + " to the policy. If it is there, look at service control policies."
	}
	return e
}

func (r *Reader) notFound(a action, err error) *directory.ReadError {
	switch {
	case a == listAssigned || a == assignmentRule:
		return &directory.ReadError{Reason: "unknown_application", Detail: "The application of the connection is not in this instance of IAM Identity Center.",
			Remedy: "Look at whether the connection and this source are of the same AWS account and Region, and whether the application was removed in AWS."}
	case missing(err, storetypes.ResourceTypeIdentityStore):
		return &directory.ReadError{Reason: "unknown_store",
			Detail: "There is no identity store " + r.o.Settings.IdentityStoreID + " in " + r.o.Settings.Region + ".",
			Remedy: "Compare the identity store ID and the Region with Settings, Identity source in IAM Identity Center."}
	}
	return &directory.ReadError{Reason: "not_found", Detail: "Could not " + purposes[a] + ": AWS does not know what was asked for.",
		Remedy: "Compare the identity store ID and the Region with Settings, Identity source in IAM Identity Center."}
}

// outOfTime tells whether a signature was refused for its time alone.
func outOfTime(message string) bool {
	return strings.Contains(message, "Signature expired") || strings.Contains(message, "Signature not yet current")
}

func ordinal(n int) string {
	words := []string{"", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"}
	if n > 0 && n < len(words) {
		return words[n]
	}
	return "last"
}
