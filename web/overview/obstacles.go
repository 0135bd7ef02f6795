package overview

import (
	"fmt"
	"time"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/overview"
	"github.com/postern-sso/postern/templates/ui"
	"github.com/postern-sso/postern/web/kit"
)

// obstaclesFor is how long the overview tells of what was in the way of logins.
const obstaclesFor = 24 * time.Hour

// obstacleNeeds tell what is, and lately was, in the way of logins here: one for what
// lasts, one for all that is over.
func obstacleNeeds(all []kit.Obstacle) []overview.Need {
	var list []overview.Need
	var over []kit.Obstacle
	for _, o := range all {
		if !o.Until.IsZero() {
			over = append(over, o)
			continue
		}
		list = append(list, overview.Need{ID: "obstacle", Tone: ui.Bad, Icon: "database", Title: "Logins cannot work on this server",
			Text: fmt.Sprintf("Since %s: %s.", model.Second(o.Since), o.Reason)})
	}
	if len(over) == 0 {
		return list
	}
	last := over[0]
	text := fmt.Sprintf("From %s to %s: %s.", model.Second(last.Since), model.Second(last.Until), last.Reason)
	if more := len(over) - 1; more > 0 {
		text += " " + ui.Count(more, "time", "times") + " more within a day."
	}
	return append(list, overview.Need{ID: "obstacle_over", Tone: ui.Warn, Icon: "database", Title: "For a while logins could not work on this server", Text: text})
}

// backupNeed tells of backups that this process cannot make.
func backupNeed(b *kit.Backups) []overview.Need {
	state, _ := b.State()
	if state.Words() == "" {
		return nil
	}
	return []overview.Need{{ID: "backup", Tone: ui.Warn, Icon: "database", Title: backupsFail, Text: state.Words()}}
}

const backupsFail = "Backups cannot be made"
