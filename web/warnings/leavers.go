package warnings

import (
	"context"
	"fmt"

	"github.com/postern-sso/postern/internal/model"
	"github.com/postern-sso/postern/templates/paths"
	"github.com/postern-sso/postern/templates/ui"
)

// leaversOfWeek begins the key of the weekly mail of leavers; the week follows.
const leaversOfWeek = "leavers/"

// tellOfLeavers says by mail, once in a week that begins on Monday, how many have left
// and are still active. In a week without such people nothing is said.
func (rm *Room) tellOfLeavers(ctx context.Context, to model.Warnings) error {
	if !to.LeaversWeekly || to.SMTPHost == "" {
		return rm.Store.ForgetNotices(ctx, leaversOfWeek, []string{})
	}
	n, err := rm.Store.CountLeavers(ctx)
	if err != nil {
		return err
	}
	year, week := rm.Now().UTC().ISOWeek()
	key := fmt.Sprintf("%s%d-W%02d", leaversOfWeek, year, week)
	if err := rm.Store.ForgetNotices(ctx, leaversOfWeek, []string{key}); err != nil || n == 0 {
		return err
	}
	who := ui.Count(n, "person has left and is", "people have left and are") + " still active here"
	return rm.Tell(ctx, to, notice{Key: key, Subject: who, Link: rm.Opts.PublicURL + paths.Leavers,
		Text: "A live source says that they have left, and no source deactivates them. Look at each of them and deactivate who is to go. " +
			"This comes once a week, as long as there is somebody; it is switched off beside the other warnings."}, model.ChannelMail)
}
