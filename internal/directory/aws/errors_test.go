package aws

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-sso/postern/internal/awssim"
	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/model"
)

// noSecrets looks into every part of an error, as a log that prints all of it would.
func noSecrets(t *testing.T, r *Reader, e *directory.ReadError) {
	t.Helper()
	all := fmt.Sprintf("%s %s %s %+v %#v", e.Detail, e.Remedy, e.Error(), e.Err, e.Err)
	for _, secret := range []string{r.o.Keys.SecretAccessKey, r.o.Keys.AccessKeyID, "Signature=", "SignedHeaders", "Canonical", "x-amz-"} {
		if secret != "" && strings.Contains(strings.ToLower(all), strings.ToLower(secret)) {
			t.Errorf("an error holds %q: %s", secret, all)
		}
	}
	if !strings.HasSuffix(e.Detail, ".") || strings.Contains(e.Detail, "..") || e.Remedy != "" && !strings.HasSuffix(e.Remedy, ".") {
		t.Errorf("no sentences: %q %q", e.Detail, e.Remedy)
	}
}

// A page that fails makes the whole reading fail, and says that part of it had come.
func TestPartialReadIsIncomplete(t *testing.T) {
	t.Parallel()
	settings := awssim.Defaults()
	for i := range 500 {
		settings.People = append(settings.People, awssim.Person{Username: fmt.Sprintf("person%03d", i), Groups: []string{"Engineers"}})
	}
	for _, at := range []string{"identitystore:ListUsers", "identitystore:ListGroupMemberships"} {
		w := newWorld(t, settings)
		w.intercept(func(rw http.ResponseWriter, _ *http.Request, action string, n int) bool {
			return action == at && n >= 3 && fail(rw, http.StatusForbidden, "AccessDeniedException", "no more")
		})
		e := w.refused(w.reader(), "access_denied", true)
		if !strings.Contains(e.Detail, at) || w.count(at) != 3 {
			t.Errorf("%d calls: %s", w.count(at), e.Detail)
		}
	}
	w := newWorld(t, nil)
	w.intercept(func(rw http.ResponseWriter, _ *http.Request, _ string, _ int) bool {
		return fail(rw, http.StatusForbidden, "AccessDeniedException", "no")
	})
	_ = w.refused(w.reader(), "access_denied", false)
}

// Each action that the policy lacks is named, with what else refuses in the same way.
func TestEveryActionThatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	for _, name := range Actions(true) {
		w := newWorld(t, nil)
		w.update(func(c *awssim.Settings) { c.DeniedActions = []string{name} })
		if name == string(describeUser) {
			w.intercept(func(rw http.ResponseWriter, _ *http.Request, action string, _ int) bool {
				return action == string(listMembers) && answer(rw, `{"GroupMemberships":[{"MemberId":{"UserId":"unknown"}}]}`)
			})
		}
		e := w.refused(w.reader(), "access_denied", name != string(listUsers))
		if !strings.Contains(e.Detail, name+" to these credentials") || !strings.Contains(e.Remedy, "Add "+name+" to the policy") ||
			!strings.Contains(e.Detail, "AWS says: “User: arn:aws:iam::123456789012:user/postern is not authorized") {
			t.Errorf("%s: %s %s", name, e.Detail, e.Remedy)
		}
		if strings.Contains(e.Remedy, "network controls") != strings.HasPrefix(name, "identitystore:") {
			t.Errorf("%s: %s", name, e.Remedy)
		}
	}
}

func TestThrottlingInTheMiddleIsTriedAgain(t *testing.T) {
	t.Parallel()
	settings := awssim.Defaults()
	for i := range 300 {
		settings.People = append(settings.People, awssim.Person{Username: fmt.Sprintf("person%03d", i)})
	}
	w := newWorld(t, settings)
	throttled := func(from, to int) {
		w.intercept(func(rw http.ResponseWriter, _ *http.Request, action string, n int) bool {
			return action == string(listUsers) && n >= from && n < to && fail(rw, http.StatusTooManyRequests, "ThrottlingException", "Rate exceeded")
		})
	}
	throttled(2, 6)
	if reading := w.read(w.reader()); len(reading.People) != 305 || w.count(string(listUsers)) != 8 {
		t.Errorf("%d people in %d calls", len(reading.People), w.count(string(listUsers)))
	}
	throttled(2, 1000)
	e := w.refused(w.reader(), "throttled", true)
	if w.count(string(listUsers)) != 9 || !strings.Contains(e.Detail, "also at the eighth try") {
		t.Errorf("%d calls: %s", w.count(string(listUsers)), e.Detail)
	}
}

// Every exception of the API, and every reason that one carries, has words of its own.
func TestEveryExceptionInWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, c := range []struct {
		status             int
		body, reason, says string
	}{
		{400, `"ValidationException","Message":"1 validation error"`, "invalid_request", "AWS says: “1 validation error”."},
		{400, `"ValidationException","Reason":"KMS_DISABLED"`, "kms_disabled", "the key that the identity store is encrypted with is disabled"},
		{400, `"ValidationException","Reason":"KMS_INVALID_ARN"`, "kms_invalid_arn", "not valid"},
		{400, `"ValidationException","Reason":"KMS_INVALID_KEY_USAGE"`, "kms_invalid_key_usage", "another use"},
		{400, `"ValidationException","Reason":"KMS_INVALID_STATE"`, "kms_invalid_state", "cannot be used"},
		{402, `"ServiceQuotaExceededException"`, "quota_exceeded", "quota"},
		{403, `"AccessDeniedException"`, "access_denied", "identitystore:ListUsers"},
		{403, `"AccessDeniedException","Reason":"KMS_ACCESS_DENIED"`, "kms_access_denied", "your own key"},
		{404, `"ResourceNotFoundException","ResourceType":"IDENTITY_STORE"`, "unknown_store", "d-9067a1b2c3 in us-east-1"},
		{404, `"ResourceNotFoundException","ResourceType":"IDENTITY_STORE","Reason":"KMS_KEY_NOT_FOUND"`, "kms_key_not_found", "does not exist"},
		{404, `"ResourceNotFoundException"`, "not_found", "does not know"},
		{409, `"ConflictException","Reason":"CONCURRENT_MODIFICATION"`, "conflict", "somebody changes"},
		{429, `"ThrottlingException","RetryAfterSeconds":1`, "throttled", "too many requests"},
		{429, `"ThrottlingException","Reason":"KMS_THROTTLING"`, "throttled", "AWS KMS"},
		{500, `"InternalServerException","RetryAfterSeconds":1`, "aws_fault", "a fault of its own"},
		{400, `"ExpiredTokenException","Message":"The security token included in the request is expired"`, "expired_token", "expired"},
		{400, `"UnrecognizedClientException"`, "invalid_credentials", "does not know the access key"},
		{400, `"InvalidSignatureException","Message":"The Canonical String for this request should have been 'POST x-amz-date'"`, "invalid_credentials",
			"secret access key"},
		{400, `"OptInRequired"`, "region_disabled", "not enabled"},
		{400, `"SomethingNewException","Message":"Signature=abc"`, "aws_error", "AWS answered SomethingNewException"},
	} {
		w.intercept(func(rw http.ResponseWriter, _ *http.Request, action string, _ int) bool {
			if action != string(listUsers) {
				return false
			}
			rw.Header().Set("Content-Type", "application/x-amz-json-1.1")
			rw.WriteHeader(c.status)
			_, _ = rw.Write([]byte(`{"__type":` + c.body + `}`))
			return true
		})
		if e := w.refused(w.reader(), c.reason, false); !strings.Contains(e.Detail, c.says) {
			t.Errorf("%s: %s", c.body, e.Detail)
		}
	}
}

// The same of the other service, which spells reasons in another way, and whose
// application may be missing.
func TestExceptionsOfTheOtherServiceInWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for body, reason := range map[string]string{
		`"AccessDeniedException","Reason":"KMS_AccessDeniedException"`:   "kms_access_denied",
		`"ResourceNotFoundException","Reason":"KMS_NotFoundException"`:   "kms_key_not_found",
		`"ValidationException","Reason":"KMS_InvalidKeyUsageException"`:  "kms_invalid_key_usage",
		`"ValidationException","Reason":"KMS_InvalidStateException"`:     "kms_invalid_state",
		`"ValidationException","Reason":"KMS_DisabledException"`:         "kms_disabled",
		`"ThrottlingException","Reason":"KMS_ThrottlingException"`:       "throttled",
		`"ResourceNotFoundException","Message":"Application not found."`: "unknown_application",
		`"AccessDeniedException","Message":"not for you"`:                "access_denied",
	} {
		w.intercept(func(rw http.ResponseWriter, _ *http.Request, action string, _ int) bool {
			return action == string(listAssigned) && answerError(rw, body)
		})
		_ = w.refused(w.reader(), reason, true)
	}
	w.intercept(nil)
	_ = w.refused(w.reader(func(o *Options) {
		o.Application = "https://portal.sso.us-east-1.amazonaws.com/saml/metadata/MTIzNDU2Nzg5MDEyX2lucy0wMTIzNDU2Nzg5YWJjZGVm"
	}), "unknown_application", true)
	_ = w.refused(w.reader(func(o *Options) { o.Settings.IdentityStoreID = "d-0000000000" }), "unknown_store", false)
}

func answerError(rw http.ResponseWriter, body string) bool {
	rw.Header().Set("Content-Type", "application/x-amz-json-1.1")
	rw.WriteHeader(http.StatusBadRequest)
	_, _ = rw.Write([]byte(`{"__type":` + body + `}`))
	return true
}

func TestInstanceOfAnotherStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for body, says := range map[string]string{
		`{"Instances":[]}`: "No instance of IAM Identity Center is visible",
		`{"Instances":[{"IdentityStoreId":"d-1111111111","InstanceArn":"arn:aws:sso:::instance/ssoins-1"}]}`: "has another identity store",
	} {
		w.intercept(func(rw http.ResponseWriter, _ *http.Request, action string, _ int) bool {
			return action == string(listInstances) && answer(rw, body)
		})
		if e := w.refused(w.reader(), "unknown_instance", true); !strings.Contains(e.Detail, says) {
			t.Error(e.Detail)
		}
	}
	w.intercept(func(rw http.ResponseWriter, _ *http.Request, action string, _ int) bool {
		return action == string(listInstances) && answer(rw, `{"Instances":[{"IdentityStoreId":"d-9067a1b2c3","InstanceArn":"what"}]}`)
	})
	_ = w.refused(w.reader(), "bad_answer", true)
}

// Lists without an end, answers without an end and what is no answer at all.
func TestHostileAnswersEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for name, c := range map[string]struct {
		reason     string
		incomplete bool
		answer     func(rw http.ResponseWriter, n int) bool
	}{
		"the same token": {"endless_list", true, func(rw http.ResponseWriter, _ int) bool { return answer(rw, `{"Users":[],"NextToken":"again"}`) }},
		"two tokens in turn": {"endless_list", true, func(rw http.ResponseWriter, n int) bool {
			return answer(rw, fmt.Sprintf(`{"Users":[],"NextToken":"t%d"}`, n%2))
		}},
		"always another token": {"endless_list", true, func(rw http.ResponseWriter, n int) bool {
			return answer(rw, fmt.Sprintf(`{"Users":[],"NextToken":"t%d"}`, n))
		}},
		"an endless page": {"too_large", false, func(rw http.ResponseWriter, _ int) bool {
			return answer(rw, `{"Users":[{"UserId":"`+strings.Repeat("x", 1<<20)+`"}]}`)
		}},
		"many large pages": {"too_large", true, func(rw http.ResponseWriter, n int) bool {
			return answer(rw, fmt.Sprintf(`{"Users":[{"UserId":"%d%s"}],"NextToken":"t%d"}`, n, strings.Repeat("x", 1<<17), n))
		}},
		"no JSON": {"bad_answer", false, func(rw http.ResponseWriter, _ int) bool { return answer(rw, `<html>Please sign in</html>`) }},
		"cut off": {"bad_answer", false, func(rw http.ResponseWriter, _ int) bool { return answer(rw, `{"Users":[{"UserId":"x"`) }},
		"a proxy that is down": {"aws_fault", false, func(rw http.ResponseWriter, _ int) bool {
			http.Error(rw, "<html>Bad gateway", http.StatusBadGateway)
			return true
		}},
		"a proxy that refuses": {"bad_answer", false, func(rw http.ResponseWriter, _ int) bool {
			http.Error(rw, "<html>Blocked", http.StatusForbidden)
			return true
		}},
		"one person twice": {"duplicate_id", true, func(rw http.ResponseWriter, n int) bool {
			if n%2 == 1 {
				return answer(rw, `{"Users":[{"UserId":"a","UserName":"x"}],"NextToken":"t"}`)
			}
			return answer(rw, `{"Users":[{"UserId":"a","UserName":"y"}]}`)
		}},
	} {
		w.intercept(func(rw http.ResponseWriter, _ *http.Request, action string, n int) bool {
			return action == string(listUsers) && c.answer(rw, n)
		})
		r := w.reader()
		r.limits.answer, r.limits.answers, r.limits.pages = 1<<18, 1<<20, 50
		t.Log(name)
		e := w.refused(r, c.reason, c.incomplete)
		if again := strings.Contains(e.Detail, "same next page"); c.reason == "endless_list" && again == strings.HasPrefix(name, "always another") {
			t.Error(e.Detail)
		}
	}
}

// A signed request goes where it was meant to go, wherever an answer sends it.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)
	for _, status := range []int{http.StatusFound, http.StatusTemporaryRedirect} {
		w.intercept(func(rw http.ResponseWriter, r *http.Request, _ string, _ int) bool {
			http.Redirect(rw, r, other.URL, status)
			return true
		})
		_ = w.refused(w.reader(), "bad_answer", false)
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("%d requests went elsewhere", n)
	}
}

// What AWS says is shown, but for what could repeat a signed request or a key.
func TestWordsOfAWSAreQuotedWithCare(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	r := w.reader()
	for message, shown := range map[string]bool{
		"User: arn:aws:iam::123456789012:user/x is not authorized to perform: identitystore:ListUsers": true,
		"Authorization header was x": false, "the Canonical String": false, "Signature=abcdef": false, "Credential=x/2026": false, "x-amz-date: 1": false,
		"the key AKIAIOSFODNN7EXAMPLE is not yours": false, "it is " + awssim.TestSecretAccessKey: false, "": false,
	} {
		if quoted := r.quote(message); (quoted != "") != shown {
			t.Errorf("%q is shown as %q", message, quoted)
		}
	}
	if long := r.quote(strings.Repeat("x", 5000)); len(long) > 500 {
		t.Errorf("%d bytes are shown", len(long))
	}
}

// A person who came twice only once, because somebody else was added meanwhile, does
// no harm: the list is read again.
func TestListThatMovedIsReadAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.intercept(func(rw http.ResponseWriter, _ *http.Request, action string, n int) bool {
		switch {
		case action != string(listUsers):
			return false
		case n == 1:
			return answer(rw, `{"Users":[{"UserId":"a","UserName":"x"}],"NextToken":"t"}`)
		case n == 2:
			return answer(rw, `{"Users":[{"UserId":"a","UserName":"x"}]}`)
		}
		return answer(rw, `{"Users":[{"UserId":"a","UserName":"x"},{"UserId":"b","UserName":"y"}]}`)
	})
	if reading := w.read(w.reader(func(o *Options) { o.Groups.Mode, o.Application = model.GroupsNone, "" })); len(reading.People) != 2 {
		t.Errorf("%+v", reading.People)
	}
}

func TestMembersAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	r := w.reader()
	r.limits.members = 3
	_ = w.refused(r, "too_large", true)
	w.intercept(func(rw http.ResponseWriter, _ *http.Request, action string, n int) bool {
		return action == string(listMembers) && answer(rw, fmt.Sprintf(`{"GroupMemberships":[{"MemberId":{"UserId":"u%d"}}],"NextToken":"t%d"}`, n, n))
	})
	r = w.reader()
	r.limits.unknown = 10
	_ = w.refused(r, "too_many_unknown", true)
}

// Nobody answers, somebody never answers, and somebody ends the run.
func TestAWSThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	ctx, cancel := context.WithCancel(t.Context())
	var stops atomic.Bool
	w.intercept(func(_ http.ResponseWriter, r *http.Request, action string, _ int) bool {
		if action != string(listGroups) {
			return false
		}
		if stops.Load() {
			cancel()
		}
		select {
		case <-r.Context().Done():
		case <-release:
		}
		return true
	})
	fails := func(reason string, change func(*limits)) {
		t.Helper()
		r := w.reader()
		change(&r.limits)
		_, err := r.Read(ctx, nil)
		var e *directory.ReadError
		if !errors.As(err, &e) || e.Reason != reason {
			t.Fatalf("want %s, got %v", reason, err)
		}
		noSecrets(t, r, e)
	}
	fails("timeout", func(l *limits) { l.attempt, l.attempts = 50*time.Millisecond, 2 })
	fails("timeout", func(l *limits) { l.call = 100 * time.Millisecond })
	fails("time_limit", func(l *limits) { l.run = 100 * time.Millisecond })
	stops.Store(true)
	fails("canceled", func(*limits) {})
	_ = w.refused(w.reader(func(o *Options) { o.Settings.Endpoint = "http://127.0.0.1:1" }), "unreachable", false)
}
