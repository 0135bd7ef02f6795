package browsertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Widths at which every page is looked at, in CSS pixels.
const (
	Wide   = 1280
	Narrow = 390
)

// axeScript runs axe on the page and returns one line a fault.
const axeScript = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
  .then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + v.help + " at " + n.target.join(" ") + " " + n.failureSummary)))`

// Look examines the page as a careful visitor would: axe finds nothing in light
// and dark, nothing is wider than a narrow window, the browser's console has
// nothing to say. With SCREENSHOTS set to a folder it keeps pictures there.
func (b *Browser) Look(name string) {
	b.t.Helper()
	if b.way != Mouse {
		b.quiet(name)
		return
	}
	for _, scheme := range []string{"light", "dark"} {
		b.scheme(scheme)
		for _, width := range []int64{Wide, Narrow} {
			b.width(width)
			b.keep(fmt.Sprintf("%s-%s-%d", name, scheme, width))
			b.axeFindsNothing(fmt.Sprintf("%s (%s, %d px)", name, scheme, width))
		}
		b.fitsNarrow(name)
	}
	b.scheme("light")
	b.width(Wide)
	b.quiet(name)
}

// quiet expects the browser's console to have nothing to say.
func (b *Browser) quiet(name string) {
	b.t.Helper()
	if messages := b.Messages(); len(messages) > 0 {
		b.t.Errorf("%s: the browser's console says:\n%s", name, strings.Join(messages, "\n"))
	}
}

func (b *Browser) scheme(scheme string) {
	b.t.Helper()
	run(b, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return chromedp.Void{}, err
	})
}

func (b *Browser) width(width int64) {
	b.t.Helper()
	run(b, chromedp.EmulateViewport(width, 900))
}

func (b *Browser) axeFindsNothing(where string) {
	b.t.Helper()
	if !Eval[bool](b, "typeof axe !== 'undefined'") {
		run(b, chromedp.Evaluate[bool](b.axe+";true"))
	}
	for _, fault := range run(b, chromedp.Evaluate[[]string](axeScript, chromedp.EvalAwaitPromise)) {
		b.t.Errorf("%s: axe: %s", where, fault)
	}
}

func (b *Browser) fitsNarrow(name string) {
	b.t.Helper()
	over := Eval[int](b, "document.documentElement.scrollWidth - document.documentElement.clientWidth")
	if over > 0 {
		b.t.Errorf("%s: %d px wider than a window of %d px", name, over, Narrow)
	}
}

// keep writes a screenshot where SCREENSHOTS says, for people to look at.
func (b *Browser) keep(name string) {
	b.t.Helper()
	if dir := os.Getenv("SCREENSHOTS"); dir != "" { //nolint:forbidigo // a switch for people who look at pages
		b.Screenshot(filepath.Join(dir, name+".png"))
	}
}

// Screenshot writes a picture of the whole page.
func (b *Browser) Screenshot(file string) {
	b.t.Helper()
	data := run(b, chromedp.FullScreenshot(100))
	if err := os.WriteFile(file, data, 0o600); err != nil {
		b.t.Fatal(err)
	}
}
