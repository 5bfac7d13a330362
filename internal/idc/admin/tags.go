package admin

import (
	"maps"
	"slices"
	"strings"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/store"
)

// maxTags is AWS's quota of tags for a permission set.
const maxTags = 50

type tag struct {
	Key   string `aws:"TagKey,required"`
	Value string `aws:"TagValue,required"`
}

// addTags adds or replaces tags. Keys starting with aws: are reserved.
func addTags(set *directory.PermissionSet, tags []tag) error {
	all := maps.Clone(set.Tags)
	if all == nil {
		all = map[string]string{}
	}
	for _, t := range tags {
		if strings.HasPrefix(strings.ToLower(t.Key), "aws:") {
			return errValidation.say("Tag keys cannot start with aws:")
		}
		all[t.Key] = t.Value
	}
	if len(all) > maxTags {
		return errQuota.say("The number of tags exceeds the limit of %d for each resource", maxTags)
	}
	set.Tags = all
	return nil
}

// onResource is an input about a tagged resource, which is always a permission set. The instance is optional.
type onResource struct {
	InstanceArn string `aws:"InstanceArn"`
	ResourceArn string `aws:"TaggableResourceArn,required"`
}

func (i onResource) within(c *call) error {
	if i.InstanceArn == "" {
		return nil
	}
	return onInstance{i.InstanceArn}.within(c)
}

type listTagsInput struct {
	onResource
	NextToken string `aws:"Token"`
}

type tagsOutput struct {
	Tags []tag
	next
}

func listTags(c *call, r store.Reader, in *listTagsInput) (*tagsOutput, error) {
	set, err := c.permissionSet(r, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	keys := slices.Collect(maps.Keys(set.Tags))
	keys, next, err := paged(c, page{NextToken: in.NextToken}, itself, among(keys, itself))
	return &tagsOutput{each(keys, func(key string) tag { return tag{key, set.Tags[key]} }), next}, err
}

type tagInput struct {
	onResource
	Tags []tag `aws:"TagList,required"`
}

func tagResource(c *call, tx store.Tx, in *tagInput) (*none, error) {
	return c.change(tx, in.ResourceArn, "", func(set *directory.PermissionSet) error { return addTags(set, in.Tags) })
}

type untagInput struct {
	onResource
	TagKeys []string `aws:"TagKeyList,required"`
}

func untagResource(c *call, tx store.Tx, in *untagInput) (*none, error) {
	return c.change(tx, in.ResourceArn, strings.Join(in.TagKeys, " "), func(set *directory.PermissionSet) error {
		maps.DeleteFunc(set.Tags, func(key, _ string) bool { return slices.Contains(in.TagKeys, key) })
		return nil
	})
}
