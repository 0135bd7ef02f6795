package awssim

import "net/http"

// pending is an AuthnRequest that waits for a sign-in.
type pending struct {
	applicationID string
	request       *authnRequest
	relayState    string
}

func (s *Simulator) newRoutes() http.Handler {
	mux := http.NewServeMux()
	return mux
}
