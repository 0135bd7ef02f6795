package ui

import (
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"
)

// shown renders a component, with text as its children.
func shown(t *testing.T, c templ.Component) *goquery.Document {
	t.Helper()
	var b strings.Builder
	if err := c.Render(templ.WithChildren(t.Context(), templ.Raw("the children")), &b); err != nil {
		t.Fatal(err)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestNeeds(t *testing.T) {
	t.Parallel()
	if got := texts(shown(t, Needs(nil)), "p"); got != "the children" {
		t.Errorf("with nothing to do it says %q", got)
	}
	doc := shown(t, Needs([]NeedRow{{Tone: Bad, Title: "Nobody gets in"}, {Tone: Info, Title: "Look", Text: "since Friday", Acts: templ.Raw("<a>Go on</a>")}}))
	if got := texts(doc, "li"); got != "Nobody gets in|Looksince FridayGo on" {
		t.Errorf("it says %q", got)
	}
	if doc.Find("li.bad").Length() != 1 || doc.Find("li.info .acts").Length() != 1 || doc.Find(".acts").Length() != 1 {
		t.Error("the tones or the buttons are not where they belong")
	}
}

// What differs is marked, and said to those who do not see the mark.
func TestVersus(t *testing.T) {
	t.Parallel()
	same := shown(t, Versus(Side{Head: "Here", Text: "x"}, Side{Head: "There", Text: "x"}))
	if same.Find(".versus.same").Length() != 1 || same.Find("mark").Length() != 0 {
		t.Error("equal things are shown as different")
	}
	doc := shown(t, Versus(Side{Head: "Here", Text: "https://sso.example.com/saml/aws/acs"}, Side{Head: "There", Text: "https://sso.example.com/saml/aws/acs/"}))
	if got := texts(doc, "mark"); doc.Find(".same").Length() != 0 || got != "|/" {
		t.Errorf("marked are %q", got)
	}
	if doc.Find(".visually-hidden").Text() == "" {
		t.Error("the difference is not said")
	}
	unlike := shown(t, Versus(Side{Head: "Here", Text: "Anna Berg"}, Side{Head: "There", Text: "5f9e-11"}))
	if unlike.Find("mark").Length() != 0 || unlike.Find(".same").Length() != 0 {
		t.Error("things that have nothing in common are compared letter by letter")
	}
}

func TestFeedHasDays(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 0, 30, 0, 0, time.UTC) // a Monday
	at := func(ago time.Duration) FeedItem {
		return FeedItem{Icon: "key", At: now.Add(-ago), Body: templ.Raw("x")}
	}
	doc := shown(t, Feed([]FeedItem{at(0), at(time.Minute), at(time.Hour), at(2 * time.Hour), at(72 * time.Hour), at(240 * time.Hour)}, now))
	if got := texts(doc, ".day"); got != "Today|Yesterday|Friday|20 November 2026" {
		t.Errorf("the days are %q", got)
	}
}

func TestStages(t *testing.T) {
	t.Parallel()
	doc := shown(t, Stages([]Stage{{State: StageDone, Title: "Trusted"}, {State: StageNow, Title: "Active", Body: Waiting("waits for AWS")}, {Title: "Gone"}}))
	if got := texts(doc, ".stage"); got != "Done:Trusted|2Activewaits for AWS|3Gone" {
		t.Errorf("it says %q", got)
	}
	if got := texts(doc, "[aria-current=step] h3"); got != "Active" {
		t.Errorf("now is %q", got)
	}
}

// Only the phase that one is in shows its steps.
func TestRail(t *testing.T) {
	t.Parallel()
	doc := shown(t, Rail([]RailPhase{
		{Title: "Prepare", Href: "/1", State: StageDone, Steps: []RailStep{{Title: "Name", Done: true}}},
		{Title: "AWS", Href: "/2", State: StageNow, Steps: []RailStep{{Title: "Application", Href: "/2", Done: true}, {Title: "Metadata", Href: "/3", Here: true}}},
		{Title: "People", Steps: []RailStep{{Title: "Users"}}},
	}))
	if got := texts(doc, ".rail-wide li"); got != "Done: Prepare|2 AWS|Application (done)|Metadata|3 People" {
		t.Errorf("it says %q", got)
	}
	if got := texts(doc, "summary"); got != "AWS · Metadata · step 2 of 2" {
		t.Errorf("on narrow screens it says %q", got)
	}
	if width := doc.Find(".bar rect").AttrOr("width", ""); width != "50%" {
		t.Errorf("the bar is %s wide", width)
	}
}

func TestInitials(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"anna.berg@example.com": "AB", "alice": "A", "Ana Maria de Sá": "AS", "ørjan-lie": "ØL", "": "", "__": "",
	} {
		if got := Initials(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
