package ui

import (
	"reflect"
	"testing"
	"time"
)

func TestBars(t *testing.T) {
	t.Parallel()
	got := bars([]DayCount{{SignedIn: 30, Refused: 10}, {}, {SignedIn: 20}, {Refused: 5}})
	want := []bar{
		{x: "1", goodY: "25", goodH: "75", badY: "0", badH: "25"},
		{x: "11", goodY: "100", goodH: "0", badY: "100", badH: "0"},
		{x: "21", goodY: "50", goodH: "50", badY: "50", badH: "0"},
		{x: "31", goodY: "100", goodH: "0", badY: "87.5", badH: "12.5"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	// A single refusal can be seen beside a million, and stays inside.
	few := bars([]DayCount{{SignedIn: 1_000_000, Refused: 1}})[0]
	if few.badH != "1" || few.badY != "0" || few.goodH != "99" {
		t.Errorf("got %+v", few)
	}
	if none := bars([]DayCount{{}})[0]; none.goodH != "0" || none.badH != "0" {
		t.Errorf("of nothing: %+v", none)
	}
}

func TestClockLines(t *testing.T) {
	t.Parallel()
	limit := 100 * time.Second
	got := clockLines([]ClockPoint{
		{Ahead: 0, Logins: 1}, {Ahead: 50 * time.Second, Logins: 2}, {}, {Ahead: -100 * time.Second, Logins: 1}, {}, {Ahead: time.Hour, Logins: 1},
	}, limit)
	want := []string{"5,50 15,25", "33,100 37,100", "53,0 57,0"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if lines := clockLines([]ClockPoint{{}, {}}, limit); len(lines) != 0 {
		t.Errorf("of nothing: %q", lines)
	}
}
