package help

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/postern-sso/postern/templates/help"
)

const (
	maxGuideHits = 20
	maxQuestion  = 300 // letters of a question that are looked at
	leastOfBest  = 0.3 // of the best one's score: what has less is left out

	weightTitle = 2.0 // of a section
	weightPage  = 1.2 // of the page that it is on
	weightText  = 1.0
	weightMeant = 0.8 // a synonym, of the word itself
	weightBegun = 0.6 // a longer word that begins so, or one that is written almost so
)

// indexed is a section with what its words count as.
type indexed struct {
	guideSection
	inTitle, inPage map[string]bool
	inText          map[string]int
	length          int // words of the text
}

// guideIndex is the guide as it is searched.
type guideIndex struct {
	sections []indexed
	among    map[string]int // how many sections have the term
	words    map[string]int // words as they are written, in small letters, and how often
	usual    float64        // length of a section
}

// indexOfGuide is made once.
var indexOfGuide = sync.OnceValues(func() (*guideIndex, error) { //nolint:gochecknoglobals // made once, never changed
	sections, err := guideSections()
	if err != nil {
		return nil, err
	}
	x := &guideIndex{among: map[string]int{}, words: map[string]int{}}
	for _, s := range sections {
		x.add(s)
	}
	x.usual /= float64(len(sections))
	return x, nil
})

func (x *guideIndex) add(s guideSection) {
	in := indexed{guideSection: s, inTitle: map[string]bool{}, inPage: map[string]bool{}, inText: map[string]int{}}
	each := func(text string, do func(term string)) {
		for _, w := range wordsOf(text) {
			do(w.term)
			written := strings.ToLower(text[w.from:w.to])
			x.words[written]++
		}
	}
	each(s.title, func(t string) { in.inTitle[t] = true })
	each(s.page, func(t string) { in.inPage[t] = true })
	each(s.text, func(t string) { in.inText[t]++; in.length++ })
	all := map[string]bool{}
	for _, place := range []map[string]bool{in.inTitle, in.inPage} {
		for t := range place {
			all[t] = true
		}
	}
	for t := range in.inText {
		all[t] = true
	}
	for t := range all {
		x.among[t]++
	}
	x.usual += float64(in.length)
	x.sections = append(x.sections, in)
}

// asked is one word of a question with all that it may stand for in the guide.
type asked struct {
	term string
	also []alternative
}

type alternative struct {
	terms  []string
	weight float64
}

// ask is a question's words, each with what it may stand for: its synonyms, which are
// looked up among all words that were typed, the guess where it is written wrongly,
// and where the guide does not have it, the words that begin with it.
func (x *guideIndex) ask(question, whole []string, guesses map[string]string) []asked {
	var all []asked
	for _, term := range question {
		a := asked{term: term, also: []alternative{{[]string{term}, 1}}}
		if guess := guesses[term]; guess != "" {
			term = guess
			whole = append(slices.Clone(whole), guess)
			a.also = append(a.also, alternative{[]string{guess}, weightBegun})
		}
		for _, s := range synonyms {
			if slices.Contains(s.words, term) && containsAll(whole, s.words) {
				a.also = append(a.also, alternative{s.means, weightMeant})
			}
		}
		if len(a.also) == 1 && x.among[term] == 0 && len(term) >= 3 {
			for t := range x.among {
				if strings.HasPrefix(t, term) {
					a.also = append(a.also, alternative{[]string{t}, weightBegun})
				}
			}
		}
		all = append(all, a)
	}
	return all
}

func containsAll(list, wanted []string) bool {
	for _, w := range wanted {
		if !slices.Contains(list, w) {
			return false
		}
	}
	return true
}

// score is what a section is worth for a question, and how many of its words it has.
func (x *guideIndex) score(s indexed, question []asked) (sum float64, has int) {
	for _, a := range question {
		best := 0.0
		for _, alt := range a.also {
			part := 0.0
			for _, t := range alt.terms {
				part += x.worth(s, t)
			}
			best = max(best, part*alt.weight/math.Sqrt(float64(max(1, len(alt.terms)))))
		}
		if best > 0 {
			has++
		}
		sum += best
	}
	if len(question) > 0 {
		sum *= float64(has) / float64(len(question))
	}
	return sum, has
}

// worth is what a term is worth in a section: rare ones more, in the title more
// than in the text.
func (x *guideIndex) worth(s indexed, term string) float64 {
	in := 0.0
	if s.inTitle[term] {
		in += weightTitle
	}
	if s.inPage[term] {
		in += weightPage
	}
	if n := float64(s.inText[term]); n > 0 {
		in += weightText * 2.2 * n / (n + 1.2*(0.4+0.6*float64(s.length)/x.usual)) // BM25
	}
	if in == 0 {
		return 0
	}
	rare := math.Log(1 + float64(len(x.sections))/float64(x.among[term]))
	return in * rare
}

// searchGuide finds the sections that fit a question best, also where they lack a
// word of it. Words that are written wrongly count as those that may be meant.
func searchGuide(query string) (help.Findings, error) {
	x, err := indexOfGuide()
	if err != nil {
		return help.Findings{}, err
	}
	if letters := []rune(query); len(letters) > maxQuestion {
		query = string(letters[:maxQuestion])
	}
	found := help.Findings{}
	var guesses map[string]string
	found.Meant, guesses, found.Unknown = x.corrected(query)
	words, whole := terms(query), allTerms(query)
	if len(words) == 0 {
		words = whole // nothing but "what is it"
	}
	question := x.ask(words, whole, guesses)
	type ranked struct {
		section indexed
		score   float64
		has     int
	}
	var all []ranked
	for _, s := range x.sections {
		if score, has := x.score(s, question); has > 0 {
			all = append(all, ranked{s, score, has})
		}
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Compare(b.score, a.score) })
	for i, r := range all {
		if i == maxGuideHits || r.score < all[0].score*leastOfBest {
			break
		}
		found.Whole = found.Whole || r.has == len(question)
		found.Hits = append(found.Hits, help.GuideHit{Page: r.section.page, Section: r.section.title, Href: r.section.href,
			Excerpt: excerpt(r.section.text, question)})
	}
	return found, nil
}
