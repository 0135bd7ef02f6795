package ui

import (
	"strconv"
	"strings"
	"time"

	"github.com/postern-sso/postern/internal/model"
)

// DayCount is how many logins of a day, or of an hour, ended well and badly.
type DayCount struct {
	Day      time.Time // midnight, UTC; or the begin of the hour
	SignedIn int
	Refused  int
	Href     string // the logins of that day; empty: no list has exactly these
}

// chartUnit is what one bar stands for.
type chartUnit struct {
	name string                 // "a day": after the noun
	most string                 // before the highest number
	head string                 // of the table's first column
	axis func(time.Time) string // how a bar is dated under the drawing
	date func(time.Time) string // and in the table
}

var (
	days  = chartUnit{"a day", "Most on a day", "Day (UTC)", model.ShortDay, model.Day}
	hours = chartUnit{"an hour", "Most in an hour", "Hour", model.Clock, model.Moment}
)

// Sizes of the drawings, in their own units; they stretch to the page's width.
const (
	chartHeight = 100
	barStep     = 10 // from one bar to the next
	barWidth    = 8
)

// bar is one day's bar: refused stands on signed in.
type bar struct {
	x                        string
	goodY, goodH, badY, badH string
}

// bars lays the bars out. Whatever is not zero is at least one unit high.
func bars(counts []DayCount) []bar {
	most := mostOnADay(counts)
	all := make([]bar, 0, len(counts))
	for i, d := range counts {
		good, bad := barHeight(d.SignedIn, most), barHeight(d.Refused, most)
		if good+bad > chartHeight { // the least height of one unit went over
			good = chartHeight - bad
		}
		all = append(all, bar{
			x:     strconv.Itoa(i*barStep + (barStep-barWidth)/2),
			goodY: decimal(chartHeight - good), goodH: decimal(good),
			badY: decimal(chartHeight - good - bad), badH: decimal(bad),
		})
	}
	return all
}

func barHeight(n, most int) float64 {
	if n == 0 || most == 0 {
		return 0
	}
	return max(1, float64(n)/float64(most)*chartHeight)
}

// mostOnADay is the height of the highest bar in logins.
func mostOnADay(counts []DayCount) int {
	most := 0
	for _, d := range counts {
		most = max(most, d.SignedIn+d.Refused)
	}
	return most
}

func totals(counts []DayCount) (signedIn, refused int) {
	for _, d := range counts {
		signedIn += d.SignedIn
		refused += d.Refused
	}
	return signedIn, refused
}

// label says the chart in a sentence, for who cannot see it; of at least one bar.
func (u chartUnit) label(counts []DayCount, signedIn, refused int) string {
	return "Logins " + u.name + " from " + u.axis(counts[0].Day) + " to " + u.axis(counts[len(counts)-1].Day) + ": " +
		Count(signedIn, "person signed in", "signed in") + ", " + Number(refused) + " refused. The table below has the numbers."
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func chartViewBox(n int) string {
	return "0 0 " + strconv.Itoa(max(n, 1)*barStep) + " " + strconv.Itoa(chartHeight)
}

// ClockPoint is the measured difference of the clocks on one day.
type ClockPoint struct {
	Day    time.Time
	Ahead  time.Duration // AWS's clock before ours; negative: behind
	Logins int           // how many were measured; 0: none, no point
}

// clockY is where a difference stands: zero is the middle, the limit is at the
// edges.
func clockY(d, limit time.Duration) float64 {
	if limit <= 0 {
		return chartHeight / 2
	}
	d = min(max(d, -limit), limit)
	return chartHeight/2 - float64(d)/float64(limit)*chartHeight/2
}

// clockLines are the lines through the points; days without logins interrupt.
// A single day is a short line of its own.
func clockLines(points []ClockPoint, limit time.Duration) []string {
	var lines []string
	var line []string
	flush := func() {
		if len(line) == 1 {
			x, y, _ := strings.Cut(line[0], ",")
			n, _ := strconv.Atoi(x) // written as a number below
			line = []string{strconv.Itoa(n-2) + "," + y, strconv.Itoa(n+2) + "," + y}
		}
		if len(line) > 0 {
			lines = append(lines, strings.Join(line, " "))
		}
		line = nil
	}
	for i, p := range points {
		if p.Logins == 0 {
			flush()
			continue
		}
		line = append(line, strconv.Itoa(i*barStep+barStep/2)+","+decimal(clockY(p.Ahead, limit)))
	}
	flush()
	return lines
}

// Seconds writes a difference of clocks: "0.4 s", "94 s".
func Seconds(d time.Duration) string {
	d = d.Abs()
	if d < 10*time.Second {
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 0, 64) + " s"
}
