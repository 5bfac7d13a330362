package local

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rolecall/internal/cli"
	"rolecall/internal/idc/operator"
	"rolecall/internal/idc/store"
)

func (a *app) idcAuditCommand() *cobra.Command {
	var f operatorFlags
	var after int64
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Print who signed in, approved, got credentials and changed what",
		Long: `Print who signed in, approved, got credentials and changed what.

  rolecall idc audit
  rolecall idc audit --after 100 --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.operate(cmd.Context(), f, func(c *operator.Client) error { return a.audit(cmd.Context(), c, after) })
		},
	}
	a.addOperatorFlags(cmd, &f)
	cmd.Flags().Int64Var(&after, "after", 0, "print only events after this `NUMBER`")
	var of operatorFlags
	verify := &cobra.Command{
		Use:   "verify",
		Short: "Check that nothing in the audit was changed or removed",
		Long: `Check that nothing in the audit was changed or removed.

  rolecall idc audit verify
  rolecall idc audit verify --data ./idc-data

It checks the chain of hashes from the first event to the last. Keep the last hash elsewhere: a
chain whose end was cut off verifies, too.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.operate(cmd.Context(), of, func(c *operator.Client) error {
				answer, err := c.Do(cmd.Context(), http.MethodGet, "/audit/verification", nil, nil, nil)
				if err != nil {
					return fmt.Errorf("the audit: %w", err)
				}
				text := fmt.Sprintf("%s, unbroken. The last hash is %x.", cli.Counted(int(answer.Events), "event"), answer.Head)
				return a.Result(text, map[string]any{"events": answer.Events, "head": fmt.Sprintf("%x", answer.Head)})
			})
		},
	}
	a.addOperatorFlags(verify, &of)
	cmd.AddCommand(verify)
	return cmd
}

// auditPage is the number of events in a request.
const auditPage = 1000

func (a *app) audit(ctx context.Context, c *operator.Client, after int64) error {
	for {
		var page bytes.Buffer
		q := url.Values{"after": {strconv.FormatInt(after, 10)}, "limit": {strconv.Itoa(auditPage)}}
		if _, err := c.Do(ctx, http.MethodGet, "/audit", q, nil, &page); err != nil {
			return err
		}
		lines := json.NewDecoder(&page)
		n := 0
		for ; lines.More(); n++ {
			var e store.Event
			if err := lines.Decode(&e); err != nil {
				return err
			}
			after = e.Seq
			text := fmt.Sprintf("%d  %s  %s  %s  %s  %s",
				e.Seq, e.Time.Format(time.RFC3339), e.Actor, e.Action, e.Target, e.Details)
			if err := a.Result(a.Show(strings.TrimRight(text, " ")), e); err != nil {
				return err
			}
		}
		if n < auditPage {
			return nil
		}
	}
}
