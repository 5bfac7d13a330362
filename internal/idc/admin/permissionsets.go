package admin

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/pattern"
	"rolecall/internal/idc/store"
)

// onPermissionSet is an input about a permission set.
type onPermissionSet struct {
	onInstance
	PermissionSetArn string `aws:"PermissionSetArn,required"`
}

// permissionSet finds a permission set of the instance. Its error is AWS's, as recorded by getmoto/moto.
func (c *call) permissionSet(r store.Reader, arn string) (directory.PermissionSet, error) {
	id, ours := strings.CutPrefix(arn, c.instance.PermissionSetARN(""))
	notFound := errNotFound.say("Could not find PermissionSet with id %s", arn[strings.LastIndex(arn, "/")+1:])
	if !ours {
		return directory.PermissionSet{}, notFound
	}
	set, err := directory.PermissionSets().Get(r, id)
	return set, orNotFound(err, notFound)
}

type permissionSet struct {
	Name             string
	PermissionSetArn string
	Description      string `json:",omitempty"`
	CreatedDate      stamp
	SessionDuration  string
	RelayState       string `json:",omitempty"`
}

type permissionSetOutput struct{ PermissionSet permissionSet }

func (c *call) described(p directory.PermissionSet) *permissionSetOutput {
	return &permissionSetOutput{permissionSet{
		p.Name, c.instance.PermissionSetARN(p.ID), p.Description, stamp(p.Created), durationOf(p), p.RelayState,
	}}
}

type createPermissionSetInput struct {
	onInstance
	Name            string `aws:"PermissionSetName,required"`
	Description     string `aws:"PermissionSetDescription"`
	SessionDuration string `aws:"Duration"`
	RelayState      string `aws:"RelayState"`
	Tags            []tag  `aws:"TagList"`
}

// createPermissionSet makes a permission set. Its sessions last an hour unless the input says otherwise.
func createPermissionSet(c *call, tx store.Tx, in *createPermissionSetInput) (*permissionSetOutput, error) {
	set := directory.PermissionSet{
		ID: directory.NewPermissionSetID(), Name: in.Name, Description: in.Description,
		Duration: time.Hour, RelayState: in.RelayState, Created: c.now.UTC(),
	}
	if err := setDuration(&set, in.SessionDuration); err != nil {
		return nil, err
	}
	if err := addTags(&set, in.Tags); err != nil {
		return nil, err
	}
	var taken *store.Conflict
	switch err := directory.PermissionSets().Put(tx, set); {
	case errors.As(err, &taken):
		return nil, errConflict.say("PermissionSet with name %s already exists.", in.Name)
	case err != nil:
		return nil, err
	}
	c.note(set.Name, set.ID)
	return c.described(set), nil
}

func describePermissionSet(c *call, r store.Reader, in *onPermissionSet) (*permissionSetOutput, error) {
	set, err := c.permissionSet(r, in.PermissionSetArn)
	if err != nil {
		return nil, err
	}
	return c.described(set), nil
}

type updatePermissionSetInput struct {
	onPermissionSet
	Description     string `aws:"PermissionSetDescription"`
	SessionDuration string `aws:"Duration"`
	RelayState      string `aws:"RelayState"`
}

// updatePermissionSet keeps what the input omits, except the relay state, which AWS clears
// (hashicorp/terraform-provider-aws#17411).
func updatePermissionSet(c *call, tx store.Tx, in *updatePermissionSetInput) (*none, error) {
	return c.change(tx, in.PermissionSetArn, "", func(set *directory.PermissionSet) error {
		if in.Description != "" {
			set.Description = in.Description
		}
		set.RelayState = in.RelayState
		return setDuration(set, in.SessionDuration)
	})
}

// change changes a permission set.
func (c *call) change(tx store.Tx, arn, details string, change func(*directory.PermissionSet) error) (*none, error) {
	set, err := c.permissionSet(tx, arn)
	if err != nil {
		return nil, err
	}
	if err := change(&set); err != nil {
		return nil, err
	}
	c.note(set.Name, details)
	return &none{}, directory.PermissionSets().Put(tx, set)
}

// deletePermissionSet refuses while the permission set is assigned, with AWS's message
// (hashicorp/terraform-provider-aws#26757).
func deletePermissionSet(c *call, tx store.Tx, in *onPermissionSet) (*none, error) {
	set, err := c.permissionSet(tx, in.PermissionSetArn)
	if err != nil {
		return nil, err
	}
	c.note(set.Name, set.ID)
	err = directory.DeletePermissionSet(tx, set.ID)
	if errors.Is(err, directory.ErrInUse) {
		return nil, errConflict.say("Could not delete because PermissionSet has ApplicationProfile associated with it.")
	}
	return &none{}, err
}

type listPermissionSetsInput struct {
	onInstance
	ssoPage
}

type permissionSetsOutput struct {
	PermissionSets []string
	next
}

func listPermissionSets(c *call, r store.Reader, in *listPermissionSetsInput) (*permissionSetsOutput, error) {
	sets, next, err := paged(c, page(in.ssoPage), func(p directory.PermissionSet) string { return p.ID },
		func(after string, limit int) ([]directory.PermissionSet, error) {
			return directory.PermissionSets().List(r, "", after, limit)
		})
	arns := each(sets, func(p directory.PermissionSet) string { return c.instance.PermissionSetARN(p.ID) })
	return &permissionSetsOutput{arns, next}, err
}

// isoDuration matches the ISO 8601 durations that can express 1 to 12 hours.
var isoDuration = pattern.New(`^PT(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?$`)

// setDuration sets how long sessions last, if text is not empty.
func setDuration(set *directory.PermissionSet, text string) error {
	if text == "" {
		return nil
	}
	duration := parseDuration(text)
	if duration < time.Hour || duration > 12*time.Hour {
		return errValidation.say("Session duration %s is invalid: it must be between PT1H and PT12H", text)
	}
	set.Duration, set.DurationText = duration, text
	return nil
}

// parseDuration returns zero for anything but a duration.
func parseDuration(text string) (duration time.Duration) {
	parts := isoDuration().FindStringSubmatch(text)
	for i, unit := range []time.Duration{time.Hour, time.Minute, time.Second} {
		if parts != nil && parts[i+1] != "" {
			n, _ := strconv.Atoi(parts[i+1])
			duration += time.Duration(n) * unit
		}
	}
	return duration
}

// durationOf returns a duration in the spelling it was set with, such as PT60M: clients compare texts.
func durationOf(set directory.PermissionSet) string {
	if set.DurationText != "" && parseDuration(set.DurationText) == set.Duration {
		return set.DurationText
	}
	return formatDuration(set.Duration)
}

// formatDuration writes the shortest ISO 8601 form: PT1H30M.
func formatDuration(d time.Duration) string {
	return "PT" + strings.NewReplacer("h0m0s", "H", "m0s", "M", "h", "H", "m", "M", "s", "S").Replace(d.String())
}
