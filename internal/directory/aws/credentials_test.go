package aws

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/postern-sso/postern/internal/awssim"
	"github.com/postern-sso/postern/internal/directory"
	"github.com/postern-sso/postern/internal/directory/reach"
	"github.com/postern-sso/postern/internal/model"
)

// surroundings hides what the machine has, and gives what the test wants.
func surroundings(t *testing.T, env map[string]string) {
	t.Helper()
	for _, name := range os.Environ() {
		if name, _, _ := strings.Cut(name, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	for name, value := range env {
		t.Setenv(name, value)
	}
}

// Security, row 24: the machine's own credentials are used only where an
// administrator chose them.
func TestRow24SurroundingsOnlyWhereChosen(t *testing.T) {
	surroundings(t, map[string]string{"AWS_ACCESS_KEY_ID": awssim.TestAccessKeyID, "AWS_SECRET_ACCESS_KEY": awssim.TestSecretAccessKey})
	w := newWorld(t, nil)
	e := w.refused(w.reader(func(o *Options) { o.Keys = Keys{} }), "no_credentials", false)
	if !strings.Contains(e.Detail, "No access key is kept") || w.count(string(listUsers)) != 0 {
		t.Errorf("%s; %d calls", e.Detail, w.count(string(listUsers)))
	}
	if reading := w.read(w.reader(func(o *Options) { o.Keys, o.Settings.FromSurroundings = Keys{}, true })); len(reading.People) != 5 {
		t.Errorf("%d people with the machine's own credentials", len(reading.People))
	}
	// Kept keys are not used where the machine's own were chosen.
	t.Setenv("AWS_SECRET_ACCESS_KEY", "another")
	_ = w.refused(w.reader(func(o *Options) { o.Settings.FromSurroundings = true }), "invalid_credentials", false)
	// And what stands in the surroundings changes nothing about kept ones.
	t.Setenv("AWS_PROFILE", "nobody-has-this")
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	t.Setenv("AWS_ENDPOINT_URL_IDENTITYSTORE", "http://127.0.0.1:1")
	if reading := w.read(w.reader()); len(reading.People) != 5 {
		t.Errorf("%d people with kept keys", len(reading.People))
	}
}

// Security, row 24: a machine without credentials, or with a metadata service that
// does not answer, is told in bounded time, without what stands in its files.
func TestRow24NoCredentials(t *testing.T) {
	w := newWorld(t, nil)
	own := func(o *Options) { o.Keys, o.Settings.FromSurroundings = Keys{}, true }
	surroundings(t, nil)
	if e := w.refused(w.reader(own), "no_credentials", false); !strings.Contains(e.Detail, "no AWS credentials that this process could use") {
		t.Error(e.Detail)
	}
	file := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(file, []byte("[default]\n"+
		"aws_access_key_id = AKIAONLYHALFOFAKEY00\naws_session_token = hunter2hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", file)
	e := w.refused(w.reader(own), "no_credentials", false)
	if all := e.Detail + e.Remedy + e.Err.Error(); strings.Contains(all, "hunter2") || strings.Contains(all, "AKIAONLYHALF") {
		t.Error(all)
	}
	release := make(chan struct{})
	w.intercept(func(_ http.ResponseWriter, r *http.Request, _ string, _ int) bool {
		if !strings.HasPrefix(r.URL.Path, "/latest/") {
			return false
		}
		select {
		case <-r.Context().Done():
		case <-release:
		}
		return true
	})
	t.Cleanup(func() { close(release) })
	surroundings(t, map[string]string{"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": w.url})
	r := w.reader(own)
	r.limits.credentials = 500 * time.Millisecond
	if e := w.refused(r, "no_credentials", false); w.count("sts:") > 1 || !strings.Contains(e.Detail, "The machine gave no AWS credentials within") {
		t.Error(e.Detail)
	}
}

// Security, row 24: a role is assumed with the external id of the source, and what
// refuses it is said; its temporary keys read everything.
func TestRow24AssumedRole(t *testing.T) {
	t.Parallel()
	const role = "arn:aws:iam::123456789012:role/postern/reads"
	w := newWorld(t, nil)
	id := newExternalID()
	if id == newExternalID() || len(id) < 30 {
		t.Errorf("external id %q", id)
	}
	w.update(func(c *awssim.Settings) { c.Roles = []awssim.Role{{ARN: role, ExternalID: id}} })
	assuming := func(externalID string) func(*Options) {
		return func(o *Options) { o.Settings.RoleARN, o.Settings.ExternalID = role, externalID }
	}
	if reading := w.read(w.reader(assuming(id))); len(reading.People) != 5 || w.count("sts:") != 1 {
		t.Errorf("%d people, %d calls of STS", len(reading.People), w.count("sts:"))
	}
	e := w.refused(w.reader(assuming("guessed")), "access_denied", false)
	if !strings.Contains(e.Detail, "Could not assume the role") || !strings.Contains(e.Remedy, "external ID of this source") {
		t.Errorf("%s %s", e.Detail, e.Remedy)
	}
	_ = w.refused(w.reader(assuming(id), func(o *Options) { o.Keys.SecretAccessKey = "another/secret" }), "invalid_credentials", false)
	steps, _ := w.reader(assuming(id)).Test(t.Context())
	if want := "You are arn:aws:sts::123456789012:assumed-role/reads/postern, account 123456789012."; steps[0].Detail != want {
		t.Errorf("%+v", steps[0])
	}
}

// Security, row 24: keys that are wrong are said to be wrong, and never said.
func TestRow24WrongKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	_ = w.refused(w.reader(func(o *Options) { o.Keys.SecretAccessKey = "wrong/secret/that/must/not/be/seen" }), "invalid_credentials", false)
	_ = w.refused(w.reader(func(o *Options) { o.Keys.AccessKeyID = "AKIANOBODYHASTHISKEY" }), "invalid_credentials", false)
	r := w.reader(func(o *Options) { o.Keys.SecretAccessKey = "wrong/secret/that/must/not/be/seen" })
	steps, _ := r.Test(t.Context())
	for _, s := range steps {
		if strings.Contains(s.Detail+s.Remedy, "wrong/secret") || strings.Contains(s.Detail, "Canonical") || s.State == directory.StepOK {
			t.Errorf("%+v", s)
		}
	}
	_, err := New(Options{Settings: w.options().Settings, Keys: Keys{AccessKeyID: "wrong/secret/in/the/wrong/field", SecretAccessKey: "AKIA"}})
	if err == nil || strings.Contains(err.Error(), "wrong/secret") {
		t.Error(err)
	}
}

// Credentials that end in the middle: nothing is concluded from what came before.
func TestTokenThatExpiresInTheMiddle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.intercept(func(_ http.ResponseWriter, _ *http.Request, action string, _ int) bool {
		if action == string(listGroups) {
			if err := w.sim.SetStoreFault(awssim.StoreExpired, awssim.On); err != nil {
				t.Error(err)
			}
		}
		return false
	})
	e := w.refused(w.reader(), "expired_token", true)
	if !strings.Contains(e.Remedy, "renew themselves") {
		t.Error(e.Remedy)
	}
}

// Security, row 22: only https, or http to this very machine.
func TestRow22EndpointsOfAWS(t *testing.T) {
	t.Parallel()
	settings := model.AWSSettings{Region: "us-east-1", IdentityStoreID: "d-9067a1b2c3"}
	for endpoint, ok := range map[string]bool{
		"": true, "https://vpce-1.identitystore.us-east-1.vpce.amazonaws.com": true, "http://localhost:8081": true,
		"http://127.0.0.1:1": true, "http://[::1]:1": true,
		"http://identitystore.us-east-1.amazonaws.com": false, "http://169.254.169.254": false, "https://169.254.169.254": false,
		"https://[fe80::1]": false, "http://10.0.0.1": false, "ftp://localhost": false,
		"https://key:secret@example.com": false, "localhost:8081": false, "https://": false, "http://localhost.example.com": false, "https://x/?a=b": false,
	} {
		settings.Endpoint = endpoint
		if err := check(settings); (err == nil) != ok {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
}

// Security, row 22: a name that leads to where a cloud tells its machines credentials is
// asked nothing, at the first try.
func TestRow22NoCloudAddressIsAskedForAWS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	r := w.reader()
	r.o.Settings.Endpoint = "https://169.254.169.254" // the settings refuse it; a name may lead there
	if e := w.refused(r, "address_refused", false); !strings.Contains(e.Detail, "169.254.169.254") {
		t.Error(e.Detail)
	}
	if (retry.RetryableError{}).IsErrorRetryable(&reach.RefusedError{}) != sdk.FalseTernary {
		t.Error("it would be tried again")
	}
}

func TestSettingsThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, s := range []model.AWSSettings{
		{}, {Region: "us-east-1.evil.example/", IdentityStoreID: "d-9067a1b2c3"}, {Region: "us-east-1", IdentityStoreID: "9067a1b2c3"},
		{Region: "US-EAST-1", IdentityStoreID: "d-9067a1b2c3"}, {Region: "us-east-1", IdentityStoreID: "d-9067a1b2c3", RoleARN: "postern", ExternalID: "x"},
		{Region: "us-east-1", IdentityStoreID: "d-9067a1b2c3", RoleARN: "arn:aws:iam::123456789012:role/postern"},
		{Region: "us-east-1", IdentityStoreID: "d-9067a1b2c3", RoleARN: "arn:aws:iam::123456789012:user/postern", ExternalID: "x"},
	} {
		_, err := New(Options{Settings: s})
		var e *directory.ReadError
		if !errors.As(err, &e) || e.Reason != "settings" {
			t.Errorf("%+v: %v", s, err)
		}
	}
	good := model.AWSSettings{Region: "us-east-1", IdentityStoreID: "d-9067a1b2c3"}
	for address, ok := range map[string]bool{
		"https://portal.sso.us-east-1.amazonaws.com/saml/metadata/MTIzNDU2Nzg5MDEyX2lucy0wMTIzNDU2Nzg5YWJjZGVm":  true,
		"https://portal.sso.us-east-1.amazonaws.com/saml/assertion/MTIzNDU2Nzg5MDEyX2lucy0wMTIzNDU2Nzg5YWJjZGVm": true,
		"https://idp.example.com/metadata": false, "https://portal.sso.us-east-1.amazonaws.com/saml/metadata/eA==": false, "%": false,
	} {
		if _, err := New(Options{Settings: good, Application: address}); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
	if got := Account("https://portal.sso.us-east-1.amazonaws.com/saml/metadata/MTIzNDU2Nzg5MDEyX2lucy0wMTIzNDU2Nzg5YWJjZGVm"); got != "123456789012" {
		t.Errorf("account %q", got)
	}
}

// hosts collects where requests would go, and answers none.
type hosts struct{ seen []string }

func (h *hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	h.seen = append(h.seen, r.URL.Scheme+"://"+r.URL.Host)
	return nil, errors.New("nothing is sent")
}

// Which address a Region has is the SDK's business, in every partition, with FIPS and
// dual stack.
func TestEndpointsThatTheSDKResolves(t *testing.T) { //nolint:paralleltest // it sets the environment
	for _, c := range []struct {
		region, env, want string
	}{
		{"eu-central-1", "", "https://identitystore.eu-central-1.amazonaws.com"},
		{"us-gov-west-1", "", "https://identitystore.us-gov-west-1.amazonaws.com"},
		{"us-gov-west-1", "AWS_USE_FIPS_ENDPOINT", "https://identitystore.us-gov-west-1.amazonaws.com"},
		{"us-east-1", "AWS_USE_FIPS_ENDPOINT", "https://identitystore-fips.us-east-1.amazonaws.com"},
		{"us-east-1", "AWS_USE_DUALSTACK_ENDPOINT", "https://identitystore.us-east-1.api.aws"},
		{"cn-north-1", "", "https://identitystore.cn-north-1.amazonaws.com.cn"},
		{"cn-north-1", "AWS_USE_DUALSTACK_ENDPOINT", "https://identitystore.cn-north-1.api.amazonwebservices.com.cn"},
		{"eusc-de-east-1", "", "https://identitystore.eusc-de-east-1.amazonaws.eu"},
	} {
		for _, own := range []bool{false, true} {
			env := map[string]string{"AWS_ACCESS_KEY_ID": "AKIAEXAMPLEEXAMPLE00", "AWS_SECRET_ACCESS_KEY": "x", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
			if c.env != "" {
				env[c.env] = "true"
			}
			surroundings(t, env)
			r, err := New(Options{Settings: model.AWSSettings{Region: c.region, IdentityStoreID: "d-9067a1b2c3", FromSurroundings: own},
				Keys: Keys{AccessKeyID: "AKIAEXAMPLEEXAMPLE00", SecretAccessKey: "x"}})
			if err != nil {
				t.Fatal(err)
			}
			h := &hosts{}
			r.transport, r.limits.attempts = h, 1
			if _, err := r.Read(t.Context(), nil); err == nil || len(h.seen) != 1 || h.seen[0] != c.want {
				t.Errorf("%s %s (own credentials %v): %q, want %q", c.region, c.env, own, h.seen, c.want)
			}
		}
	}
}

func newExternalID() string {
	return model.AWSSettings{RoleARN: "arn:aws:iam::123456789012:role/postern"}.WithExternalID().ExternalID
}
