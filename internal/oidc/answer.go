package oidc

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// answer is what an app gets at its redirect address (RFC 6749 §4.1.2), and from
// whom, so that no other provider's answer passes for one of ours (RFC 9207).
type answer struct {
	Code        string `schema:"code,omitempty"`
	Error       string `schema:"error,omitempty"`
	Description string `schema:"error_description,omitempty"`
	State       string `schema:"state,omitempty"`
	Issuer      string `schema:"iss"`
}

func refusal(e *oidc.Error, state string) answer {
	return answer{Error: string(e.ErrorType), Description: e.Description, State: state}
}

// Delivery is an answer on its way to an app through the browser.
type Delivery struct {
	To   string     // the address; with the answer in it, where there is no form
	Form url.Values // what the browser is to post there; nil: the address is all
}

// deliver makes an answer ready: in the address, or as a form where the app asked
// for that (OAuth 2.0 Form Post Response Mode).
func (p *Provider) deliver(uri string, formPost bool, a answer) (Delivery, error) {
	a.Issuer = p.opts.Issuer
	if formPost {
		form := url.Values{}
		err := p.op.Encoder().Encode(&a, form)
		return Delivery{To: uri, Form: form}, err
	}
	to, err := op.AuthResponseURL(uri, oidc.ResponseTypeCode, oidc.ResponseModeQuery, &a, p.op.Encoder())
	return Delivery{To: to}, err
}

// wantsForm tells whether an app asks to be answered by a form. Only web
// addresses can be posted to.
func wantsForm(mode oidc.ResponseMode, uri string) bool {
	return mode == oidc.ResponseModeFormPost && (strings.HasPrefix(uri, "https://") || strings.HasPrefix(uri, "http://"))
}

// backToApp answers an app with an error, at a redirect address of its own.
func (p *Provider) backToApp(w http.ResponseWriter, r *http.Request, app, uri string, formPost bool, a answer) {
	d, err := p.deliver(uri, formPost, a)
	switch {
	case err != nil:
		p.internal(w, r, err)
	case d.Form != nil:
		p.opts.ShowForm(w, r, app, d)
	default:
		http.Redirect(w, r, d.To, http.StatusSeeOther)
	}
}
