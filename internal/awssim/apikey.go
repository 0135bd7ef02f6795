package awssim

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The key that opens the simulator's APIs. It opens nothing else: everybody has it.
const (
	TestAccessKeyID     = "AKIASIMULATEDAWS0001"
	TestSecretAccessKey = "simulated/secret/that/opens/nothing/else"
)

// Access is what a client of the simulator's APIs is configured with.
type Access struct {
	Endpoint        string // where AWS's SDKs post to, in place of AWS
	Region          string
	IdentityStoreID string
	AccessKeyID     string
	SecretAccessKey string
}

// Access tells how AWS's SDKs reach the simulator's APIs.
func (s *Simulator) Access() Access {
	c := s.Settings()
	return Access{Endpoint: s.base, Region: c.Region, IdentityStoreID: c.IdentityStore,
		AccessKeyID: TestAccessKeyID, SecretAccessKey: TestSecretAccessKey}
}

// apiKey is a key that requests are signed with.
type apiKey struct {
	secret string
	token  string    // of temporary ones
	until  time.Time // when temporary ones are over; zero: never
	caller string    // ARN of whom it stands for
}

// maxClockSkew is how far the clock of a request may be off.
const maxClockSkew = 15 * time.Minute

const algorithm = "AWS4-HMAC-SHA256"

func (s *Simulator) apiKey(id string) (apiKey, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id == TestAccessKeyID {
		c := s.settings
		return apiKey{secret: TestSecretAccessKey, caller: "arn:" + c.partition() + ":iam::" + c.Account + ":user/postern"}, true
	}
	key, ok := s.keys[id]
	return key, ok
}

// issueKey makes temporary credentials for whom they stand for.
func (s *Simulator) issueKey(caller string, lasts time.Duration) (id string, key apiKey) {
	id = "ASIA" + strings.ToUpper(hex.EncodeToString([]byte(rand.Text()[:8])))
	key = apiKey{secret: rand.Text(), token: rand.Text() + rand.Text(), until: s.apiNow().Add(lasts), caller: caller}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[id] = key
	return id, key
}

// authorization is what an Authorization header says.
type authorization struct {
	key       string
	scope     []string // day, Region, service, aws4_request
	headers   []string
	signature string
}

func parseAuthorization(header string) (authorization, error) {
	var a authorization
	fields, ok := strings.CutPrefix(header, algorithm+" ")
	if !ok {
		return a, &storeError{Type: "MissingAuthenticationTokenException", Message: "Missing Authentication Token"}
	}
	for field := range strings.SplitSeq(fields, ",") {
		switch name, value, _ := strings.Cut(strings.TrimSpace(field), "="); name {
		case "Credential":
			parts := strings.Split(value, "/")
			a.key, a.scope = parts[0], parts[1:]
		case "SignedHeaders":
			a.headers = strings.Split(value, ";")
		case "Signature":
			a.signature = value
		}
	}
	if len(a.scope) != 4 || len(a.headers) == 0 || a.signature == "" {
		return a, &storeError{Type: "IncompleteSignatureException", Message: "Authorization header requires Credential, Signature and SignedHeaders."}
	}
	return a, nil
}

// caller judges the signature of a request (Signature Version 4) and tells whom
// its key stands for.
func (s *Simulator) caller(r *http.Request, body []byte, service string) (arn string, err error) {
	refused := func(kind, message string) (string, error) { return "", &storeError{Type: kind, Message: message} }
	a, err := parseAuthorization(r.Header.Get("Authorization"))
	if err != nil {
		return "", err
	}
	key, ok := s.apiKey(a.key)
	if !ok || key.token != r.Header.Get("X-Amz-Security-Token") {
		return refused("UnrecognizedClientException", "The security token included in the request is invalid.")
	}
	now, date := s.apiNow().UTC(), r.Header.Get("X-Amz-Date")
	if !key.until.IsZero() && !now.Before(key.until) {
		return refused("ExpiredTokenException", "The security token included in the request is expired")
	}
	at, err := time.Parse("20060102T150405Z", date)
	if err != nil || now.Sub(at).Abs() > maxClockSkew {
		return refused("InvalidSignatureException", "Signature expired: "+date+" is now earlier than "+now.Add(-maxClockSkew).Format("20060102T150405Z"))
	}
	if !slices.Equal(a.scope, []string{at.Format("20060102"), s.Settings().Region, service, "aws4_request"}) {
		return refused("InvalidSignatureException", "Credential should be scoped to a valid Region and to the correct service: '"+service+"'.")
	}
	request := canonicalRequest(r, body, a.headers)
	if want := sign(key.secret, a.scope, date, request); !hmac.Equal([]byte(want), []byte(a.signature)) {
		return refused("InvalidSignatureException", "The request signature we calculated does not match the signature you provided. "+
			"Check your AWS Secret Access Key and signing method.\n\nThe Canonical String for this request should have been\n'"+request+"'")
	}
	return key.caller, nil
}

// canonicalRequest is the text that a signature is of. The addresses of the APIs
// have nothing that would have to be escaped.
func canonicalRequest(r *http.Request, body []byte, signed []string) string {
	var b strings.Builder
	b.WriteString(r.Method + "\n" + r.URL.EscapedPath() + "\n" + r.URL.RawQuery + "\n")
	slices.Sort(signed)
	for _, name := range signed {
		values := slices.Clone(r.Header.Values(name))
		switch name {
		case "host":
			values = []string{r.Host}
		case "content-length":
			values = []string{strconv.Itoa(len(body))}
		}
		for i := range values {
			values[i] = strings.Join(strings.Fields(values[i]), " ")
		}
		b.WriteString(name + ":" + strings.Join(values, ",") + "\n")
	}
	b.WriteString("\n" + strings.Join(signed, ";") + "\n" + sha256Hex(body))
	return b.String()
}

func sign(secret string, scope []string, date, request string) string {
	key := []byte("AWS4" + secret)
	for _, part := range scope {
		key = hmacSHA256(key, part)
	}
	return hex.EncodeToString(hmacSHA256(key, algorithm+"\n"+date+"\n"+strings.Join(scope, "/")+"\n"+sha256Hex([]byte(request))))
}

func hmacSHA256(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func sha256Hex(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
