package main

import (
	"errors"
	"fmt"
	"net"

	"github.com/postern-sso/postern/internal/wizard"
)

// defaultURL is the public URL where neither a flag nor the settings have one. A
// Postern that speaks https itself is reached under the name in its certificate:
// an http address would make its cookies ones that also travel without it.
func (f serveFlags) defaultURL(listening net.Addr) (string, error) {
	_, port, err := net.SplitHostPort(listening.String())
	if err != nil {
		return "", fmt.Errorf("--listen %q: %w", f.Listen, err)
	}
	if !f.given() {
		return "http://localhost:" + port, nil
	}
	if len(f.ACMEHosts) > 0 { // they are reached on this port, whatever leads from there to here
		port = "443"
	}
	return "https://" + net.JoinHostPort(f.host(), port), nil
}

// checkPublicURL judges an address as the setup wizard does, and returns it in
// the one form in which it is compared.
func checkPublicURL(text string) (string, error) {
	address, _, problem := wizard.CheckPublicURL(text)
	if problem != nil {
		return text, errors.New(problem.Text)
	}
	return address, nil
}
