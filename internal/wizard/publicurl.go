package wizard

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/postern-sso/postern/internal/model"
)

// CheckPublicURL judges the address under which browsers reach Postern and
// returns it in the one form in which it is kept and compared, with a sentence
// for each thing that was changed. AWS compares the addresses made from it
// character by character, so there must be one spelling.
func CheckPublicURL(s string) (normalized string, notes []string, problem *model.Problem) {
	s = strings.TrimSpace(s)
	u, why := parsePublicURL(s)
	if why != "" {
		return "", nil, &model.Problem{Field: FieldPublicURL, Text: why}
	}
	if strings.HasSuffix(u.Path, "/") {
		notes = append(notes, "The slash at the end was left out.")
	}
	host := strings.ToLower(u.Hostname())
	if host != u.Hostname() {
		notes = append(notes, "The host name was changed to lower case.")
	}
	port := u.Port()
	if (u.Scheme == "https" && port == "443") || (u.Scheme == "http" && port == "80") {
		notes = append(notes, fmt.Sprintf("The port %s was left out; it is the usual one for %s.", port, u.Scheme))
		port = ""
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]" // IPv6
	}
	if port != "" {
		host += ":" + port
	}
	return u.Scheme + "://" + host, notes, nil
}

// parsePublicURL refuses what cannot be a public address, each with its reason.
func parsePublicURL(s string) (u *url.URL, why string) {
	switch {
	case s == "":
		return nil, "Type the address under which people reach Postern, for example https://sso.example.com."
	case !strings.Contains(s, "://"):
		return nil, fmt.Sprintf("The address must begin with https://, for example https://%s.", strings.TrimLeft(s, "/"))
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" {
		return nil, fmt.Sprintf("“%s” is not a web address. Type one such as https://sso.example.com.", s)
	}
	u.Scheme = strings.ToLower(u.Scheme)
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Sprintf("The address must begin with https://, not %s://.", u.Scheme)
	case u.User != nil:
		return nil, "Leave out the user name or password before the “@”."
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(s, "#"):
		return nil, "Leave out everything after the host name: “?” and “#” have no meaning here."
	case strings.Trim(u.Path, "/") != "" || strings.HasPrefix(u.Path, "//"):
		return nil, fmt.Sprintf("Leave out the path “%s”. Postern needs a host name of its own.", u.Path)
	case !validHost(u.Hostname()):
		return nil, fmt.Sprintf("“%s” is not a host name. Use letters, digits, hyphens and dots; write an international name in its xn-- form.", u.Hostname())
	case !validPort(u):
		return nil, "The port must be a number from 1 to 65535."
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, "The address must begin with https://. Plain http is only for localhost, because sign-ins could be read on the way."
	}
	return u, ""
}

func validPort(u *url.URL) bool {
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	n, err := strconv.Atoi(u.Port())
	return err == nil && n >= 1 && n <= 65535
}

// validHost accepts an IP address or a name of ASCII labels without a dot at
// the end.
func validHost(h string) bool {
	if addr, err := netip.ParseAddr(h); err == nil {
		return addr.Zone() == "" && !addr.IsUnspecified()
	}
	if len(h) > 253 {
		return false
	}
	for label := range strings.SplitSeq(h, ".") {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		for _, r := range label {
			if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' {
				return false
			}
		}
	}
	return true
}

func isLoopback(h string) bool {
	ip := net.ParseIP(h)
	h = strings.ToLower(h)
	return h == "localhost" || strings.HasSuffix(h, ".localhost") || (ip != nil && ip.IsLoopback())
}
