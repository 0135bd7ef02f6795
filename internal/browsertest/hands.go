package browsertest

import (
	"context"
	"fmt"
	"slices"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Way is how a browser is used.
type Way string

// Ways to use a browser.
const (
	Mouse     Way = "mouse"             // a wide window, a mouse
	Phone     Way = "phone"             // a narrow window
	Keyboard  Way = "keyboard"          // a wide window, no mouse at all
	NoScripts Way = "narrow-no-scripts" // a narrow window, JavaScript off
)

// Ways lists them all.
func Ways() []Way { return []Way{Mouse, Phone, Keyboard, NoScripts} }

// Use makes this tab, and every tab opened from it, be used that way. Only with
// the mouse does Look look: the other ways see the same pages.
func (b *Browser) Use(w Way) {
	b.t.Helper()
	b.way = w
	if w == Phone || w == NoScripts {
		b.width(Narrow)
	}
	if w == NoScripts {
		run(b, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
			_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
			return chromedp.Void{}, err
		})
	}
}

// Scripts tells whether pages may run scripts.
func (b *Browser) Scripts() bool { return b.way != NoScripts }

// element is a script that finds the element to use.
type element string

// said finds what a person would: a visible control that says exactly that.
func said(text string) element {
	return element(fmt.Sprintf(`(() => {
		const all = [...document.querySelectorAll("a, button, summary, input[type=submit]")];
		const said = e => (e.innerText || e.value || "").trim().replace(/\s+/g, " ");
		const seen = e => e.checkVisibility() && e.tabIndex >= 0;
		const e = all.find(e => said(e) === %q && seen(e));
		if (!e) throw new Error("nothing to click says this; there is: " + all.filter(e => e.checkVisibility()).map(said).join(" | "));
		return e })()`, text))
}

func selected(selector string) element {
	return element(fmt.Sprintf(`(() => { const e = document.querySelector(%q);
		if (!e) throw new Error("nothing matches " + %q); return e })()`, selector, selector))
}

func nth(selector string, n int) element {
	return element(fmt.Sprintf(`document.querySelectorAll(%q)[%d]`, selector, n))
}

// use clicks the middle of an element, or goes to it with Tab and presses Enter.
func (b *Browser) use(e element) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		if b.way == Keyboard {
			if err := tabTo(ctx, t, e); err != nil {
				return chromedp.Void{}, err
			}
			return chromedp.KeyEvent(kb.Enter)(ctx, t)
		}
		at, err := chromedp.Evaluate[[]float64]("(e => { e.scrollIntoView({block: 'center', behavior: 'instant'}); "+
			"const r = e.getClientRects()[0]; return [r.x + r.width / 2, r.y + r.height / 2] })("+string(e)+")")(ctx, t)
		if err != nil {
			return chromedp.Void{}, err
		}
		return chromedp.MouseClickXY(at[0], at[1])(ctx, t)
	}
}

// mostTabs is more than any page has places to stop at.
const mostTabs = 300

// tabTo presses Tab until the element has the focus, and looks whether a person
// would see it there.
func tabTo(ctx context.Context, t *chromedp.Target, e element) error {
	there := chromedp.Evaluate[bool]("document.activeElement === " + string(e))
	for range mostTabs {
		yes, err := there(ctx, t)
		if err != nil {
			return err
		}
		if yes {
			return focusIsVisible(ctx, t)
		}
		if _, err := chromedp.KeyEvent(kb.Tab)(ctx, t); err != nil {
			return err
		}
	}
	return fmt.Errorf("the keyboard does not reach %s", e)
}

func focusIsVisible(ctx context.Context, t *chromedp.Target) error {
	visible, err := chromedp.Evaluate[bool](`(e => { const s = getComputedStyle(e), a = getComputedStyle(e, "::after");
		const shown = s => (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== "none";
		return e.matches(":focus-visible") && (shown(s) || shown(a)) })(document.activeElement)`)(ctx, t)
	if err == nil && !visible {
		html, _ := chromedp.Evaluate[string]("document.activeElement.outerHTML")(ctx, t) // best effort: the fault is what counts
		err = fmt.Errorf("the focus is not visible on %s", html)
	}
	return err
}

// fill puts a value into a field, in place of what is there.
func (b *Browser) fill(e element, value string) {
	b.t.Helper()
	if b.way != Keyboard {
		Eval[bool](b, fmt.Sprintf(`(e => { e.focus(); e.value = %q;
			e.dispatchEvent(new Event("input", {bubbles: true})); e.dispatchEvent(new Event("change", {bubbles: true})); return true })(%s)`, value, e))
		return
	}
	run(b, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		if err := tabTo(ctx, t, e); err != nil {
			return chromedp.Void{}, err
		}
		if list, err := chromedp.Evaluate[bool]("document.activeElement.tagName === 'SELECT'")(ctx, t); err != nil || list {
			return chromedp.Void{}, pick(ctx, t, value)
		}
		if _, err := chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl))(ctx, t); err != nil {
			return chromedp.Void{}, err
		}
		if value == "" {
			value = kb.Backspace
		}
		return chromedp.KeyEvent(value)(ctx, t)
	})
}

// pick goes through the options of a list, or the radio buttons of a group,
// with the arrow keys until the value is chosen.
func pick(ctx context.Context, t *chromedp.Target, value string) error {
	var seen []string
	for {
		now, err := chromedp.Evaluate[string]("document.activeElement.value")(ctx, t)
		if err != nil || now == value {
			return err
		}
		if slices.Contains(seen, now) {
			return fmt.Errorf("the arrow keys do not reach %q, only %q", value, seen)
		}
		seen = append(seen, now)
		if _, err := chromedp.KeyEvent(kb.ArrowDown)(ctx, t); err != nil {
			return err
		}
	}
}

// choose ticks a radio button or a check box.
func (b *Browser) choose(name, value string) {
	b.t.Helper()
	selector := fmt.Sprintf("input[name=%q][value=%q]", name, value)
	if b.way != Keyboard {
		Eval[bool](b, fmt.Sprintf("(e => { if (!e.checked) e.click(); return e.checked })(document.querySelector(%q))", selector))
		return
	}
	run(b, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		ticked := chromedp.Evaluate[bool](fmt.Sprintf("document.querySelector(%q).checked", selector))
		if yes, err := ticked(ctx, t); err != nil || yes {
			return chromedp.Void{}, err
		}
		radio, err := chromedp.Evaluate[bool](fmt.Sprintf("document.querySelector(%q).type === 'radio'", selector))(ctx, t)
		if err != nil {
			return chromedp.Void{}, err
		}
		if !radio {
			if err := tabTo(ctx, t, selected(selector)); err != nil {
				return chromedp.Void{}, err
			}
			return chromedp.KeyEvent(" ")(ctx, t)
		}
		// One stop for the whole group: the button that is chosen, else the first.
		group := element(fmt.Sprintf("(document.querySelector('input[name=%[1]q]:checked') || document.querySelector('input[name=%[1]q]'))", name))
		if err := tabTo(ctx, t, group); err != nil {
			return chromedp.Void{}, err
		}
		if err := pick(ctx, t, value); err != nil {
			return chromedp.Void{}, err
		}
		if yes, err := ticked(ctx, t); err != nil || yes {
			return chromedp.Void{}, err
		}
		return chromedp.KeyEvent(" ")(ctx, t)
	})
}

// Authenticator gives the browser a device with passkeys, which always says yes.
// The function returned takes it away, and the passkeys with it.
func (b *Browser) Authenticator() (remove func()) {
	b.t.Helper()
	run(b, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, webauthn.Enable, webauthn.EnableParams{})
		return chromedp.Void{}, err
	})
	id := run(b, func(ctx context.Context, t *chromedp.Target) (webauthn.AuthenticatorID, error) {
		made, err := cdp.Call(ctx, t, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
			Options: &webauthn.VirtualAuthenticatorOptions{
				Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
				HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
			},
		})
		return made.AuthenticatorID, err
	})
	return func() {
		b.t.Helper()
		run(b, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
			_, err := cdp.Call(ctx, t, webauthn.RemoveVirtualAuthenticator, webauthn.RemoveVirtualAuthenticatorParams{AuthenticatorID: id})
			return chromedp.Void{}, err
		})
	}
}
