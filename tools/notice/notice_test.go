package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestEachTextOnceWithThoseItIsFor(t *testing.T) {
	t.Parallel()
	got := notice([]part{{"b", []string{"MIT"}, []string{"be kind"}}, {"c", []string{"ISC"}, []string{"be brief"}}, {"a", []string{"MIT"}, []string{"be kind"}}})
	list, texts, _ := strings.Cut(got, strings.Repeat("=", 80))
	if names := strings.Fields(list); !slices.Equal(names, []string{"a", "MIT", "b", "MIT", "c", "ISC"}) {
		t.Errorf("listed are %v", names)
	}
	if strings.Count(texts, "be kind") != 1 || !strings.Contains(texts, "\na\nb\n\nbe kind\n") || !strings.Contains(texts, "\nc\n\nbe brief\n") {
		t.Errorf("the texts are\n%s", texts)
	}
}

// What is distributed without a licence that is known stops the file from being made.
func TestOnlyKnownLicences(t *testing.T) {
	t.Parallel()
	apache, err := os.ReadFile("../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	known, words, remark := write("LICENSE", string(apache)), write("COPYING", "Ask me first."), write("NOTICE", "Thanks.")
	p, err := read("good", []string{known, remark})
	if err != nil || !slices.Equal(p.ids, []string{"Apache-2.0"}) || len(p.texts) != 2 {
		t.Errorf("%v, with %d texts: %v", p.ids, len(p.texts), err)
	}
	for why, files := range map[string][]string{"words of its own": {words}, "a known one and words": {known, words}, "no licence": nil,
		"a notice alone": {remark}} {
		if p, err := read(why, files); err == nil {
			t.Errorf("%s: taken for %v", why, p.ids)
		}
	}
}
