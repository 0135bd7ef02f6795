package sso_test

import (
	"encoding/xml"
	"net/url"
	"os"
	"testing"
)

func mustURL(t testing.TB, text string) url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return *u
}

func unmarshal(data []byte, v any) error { return xml.Unmarshal(data, v) }

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
