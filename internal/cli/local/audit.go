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
		Short: "Print who signed in, approved, got credentials or made changes",
		Long: `Print who signed in, approved, got credentials or made changes.

  rolecall idc audit
  rolecall idc audit --after 100 --json

It also records refused passwords, administrator keys, user codes, tokens, signed calls and operator
changes, as actions that start with "Refuse". The same refusal within a minute is one event with a
count. What was typed is never recorded.`,
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
		Short: "Check that nothing in the audit or the directory was changed outside rolecall",
		Long: `Check that nothing in the audit or the directory was changed outside rolecall.

  rolecall idc audit verify
  rolecall idc audit verify --data ./idc-data --json

It checks the audit's chain of hashes, whether its end matches idc.db.seal next to the database, and
a keyed hash over users, groups, accounts, permission sets, assignments, sessions, tokens and
everything else in the database. It prints what it finds, and exits with 1.

Anyone who can read the file "secret" in the data directory can forge all of this, and restoring an
older copy of the whole directory goes unnoticed: to detect either, keep the last hash elsewhere.
After restoring a backup, run rolecall idc audit accept.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.operate(cmd.Context(), of, func(c *operator.Client) error { return a.verifyAudit(cmd.Context(), c, of) })
		},
	}
	a.addOperatorFlags(verify, &of)
	cmd.AddCommand(verify, a.idcAcceptCommand())
	return cmd
}

// verifyAudit prints what verification finds.
func (a *app) verifyAudit(ctx context.Context, c *operator.Client, f operatorFlags) error {
	answer, err := c.Do(ctx, http.MethodGet, "/audit/verification", nil, nil, nil)
	if err != nil {
		return fmt.Errorf("the audit: %w", err)
	}
	verb := "chain intact"
	findings := append([]store.Finding{}, answer.Findings...)
	if len(findings) > 0 {
		verb = "checked"
	}
	text := fmt.Sprintf("%s, %s.", cli.Counted(int(answer.Events), "event"), verb)
	if answer.Events > 0 {
		text += fmt.Sprintf(" Last hash: %x.", answer.Head)
	}
	if err := a.Result(text, map[string]any{
		"events": answer.Events, "head": fmt.Sprintf("%x", answer.Head), "findings": findings,
	}); err != nil || len(findings) == 0 {
		return err
	}
	e := &cli.HintError{
		Err:  fmt.Errorf("changed outside rolecall: %s", a.Show(findings[0].Message)),
		Code: cli.ExitError, Facts: a.facts(findings[1:]),
	}
	if findings[0].Kind != store.ChainBroken { // which no acceptance mends
		e.Facts = append(e.Facts, "if you restored a backup, accept it")
		e.Hint = "rolecall idc audit accept" + a.sameServer(f)
	}
	return e
}

func (a *app) facts(findings []store.Finding) []string {
	var facts []string
	for _, f := range findings {
		facts = append(facts, a.Show(f.Message))
	}
	return facts
}

func (a *app) idcAcceptCommand() *cobra.Command {
	var f operatorFlags
	var yes bool
	cmd := &cobra.Command{
		Use:   "accept",
		Short: "Accept the audit and the directory as they are, after restoring a backup",
		Long: `Accept the audit and the directory as they are, after restoring a backup.

  rolecall idc audit accept --yes
  rolecall idc audit accept --data ./idc-data --yes

It seals the current state, and records an event with the findings of verify. A broken chain of
hashes stays broken.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !yes {
				return cli.Usagef("accept clears the findings of rolecall idc audit verify: pass --yes to proceed")
			}
			return a.operate(cmd.Context(), f, func(c *operator.Client) error {
				answer, err := c.Do(cmd.Context(), http.MethodPost, "/audit/acceptance", nil, nil, nil)
				if err != nil {
					return fmt.Errorf("the audit: %w", err)
				}
				text := "Accepted; there were no findings."
				if len(answer.Findings) > 0 {
					text = "Accepted: " + strings.Join(a.facts(answer.Findings), "; ") + "."
				}
				return a.Result(text, map[string]any{"accepted": append([]store.Finding{}, answer.Findings...)})
			})
		},
	}
	a.addOperatorFlags(cmd, &f)
	cmd.Flags().BoolVar(&yes, "yes", false, "confirm")
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
