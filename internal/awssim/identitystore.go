package awssim

import "net/http"

func (s *Simulator) identityStore(w http.ResponseWriter, r *http.Request) {
	http.Error(w, "not yet", http.StatusNotImplemented)
}
