package admin

import (
	"sync"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/pattern"
)

// A shape is what AWS's service models say about a value: lengths of texts and lists, bounds of numbers (0: unbounded),
// a pattern of the whole text, or its enum.
type shape struct {
	min, max    int
	pattern     pattern.Pattern
	patternText string // as AWS writes it
	enum        []string
	sensitive   bool   // not shown in errors
	of          string // the shape of a list's members
}

func text(min, max int, java string) shape {
	return shape{min: min, max: max, pattern: pattern.Java(java), patternText: java}
}

// secret is the shape of a text with a rule of the directory; errors do not show its value.
func secret(r directory.TextRule) shape {
	s := text(r.Min, r.Max, r.Pattern)
	s.sensitive = true
	return s
}

func enum(values ...string) shape { return shape{enum: values} }

const (
	uuidPattern     = `[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}`
	instancePattern = `arn:aws(-[a-z]{1,5}){0,3}:sso:::instance/(sso)?ins-[a-zA-Z0-9-.]{16}`
	permSetPattern  = `arn:aws(-[a-z]{1,5}){0,3}:sso:::permissionSet/(sso)?ins-[a-zA-Z0-9-.]{16}/ps-[a-zA-Z0-9-./]{16}`
	tagPattern      = `([\p{L}\p{Z}\p{N}_.:/=+\-@]*)`
)

// shapes are named as in botocore's models. Where services use one name for different shapes, those of organizations
// start with Organizations.
var shapes = sync.OnceValue(func() map[string]shape {
	return map[string]shape{
		"MaxResults":  {min: 1, max: 100},
		"Token":       text(0, 2048, `[-a-zA-Z0-9+=/_]*`),
		"InstanceArn": text(10, 1224, instancePattern),
		"NameType":    text(0, 255, `[\w+=,.@-]+`),
		"KmsKeyType":  enum("AWS_OWNED_KMS_KEY", "CUSTOMER_MANAGED_KEY"),
		"KmsKeyArn": text(20, 2048,
			`arn:aws(-[a-z]{1,5}){0,3}:kms:([a-z]{2,}(-[a-z0-9]+)+){1}:[0-9]{12}:key/`+
				`(mrk-[a-f0-9]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})`),
		"PermissionSetArn": text(10, 1224, permSetPattern),

		"PermissionSetName":        text(1, 32, `[\w+=,.@-]+`),
		"PermissionSetDescription": text(1, 700, `[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*`),
		"Duration": text(1, 100,
			`(-?)P(?=\d|T\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)([DW]))?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?`),
		"RelayState":                  text(1, 240, `[a-zA-Z0-9&$@#\\\/%?=~\-_'"|!:,.;*+\[\]\ \(\)\{\}]+`),
		"PermissionSetPolicyDocument": text(1, 32768, `[\u0009\u000A\u000D\u0020-\u00FF]+`),
		"ManagedPolicyArn": text(20, 2048,
			`arn:aws(-[a-z]{1,5}){0,3}:iam::aws:policy((/[A-Za-z0-9\.,\+@=_-]+)*)/([A-Za-z0-9\.,\+=@_-]+)`),
		"ManagedPolicyName": text(1, 128, `[\w+=,.@-]+`),
		"ManagedPolicyPath": text(1, 512, `((/[A-Za-z0-9\.,\+@=_-]+)*)/`),

		"TagList":             {max: 75},
		"TagKey":              text(1, 128, tagPattern),
		"TagValue":            text(0, 256, tagPattern),
		"TagKeyList":          {min: 1, max: 75, of: "TagKey"},
		"TaggableResourceArn": text(10, 2048, permSetPattern+"|"+instancePattern),

		"AccountId":           text(12, 12, `\d{12}`),
		"TargetType":          enum("AWS_ACCOUNT"),
		"ProvisionTargetType": enum("AWS_ACCOUNT", "ALL_PROVISIONED_ACCOUNTS"),
		"PrincipalType":       enum("USER", "GROUP"),
		"PrincipalId":         text(1, 47, `([0-9a-f]{10}-|)`+uuidPattern),
		"UUId":                text(36, 36, `\b[0-9a-f]{8}\b-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-\b[0-9a-f]{12}\b`),
		"StatusValues":        enum("IN_PROGRESS", "FAILED", "SUCCEEDED"),
		"ProvisioningStatus":  enum("LATEST_PERMISSION_SET_PROVISIONED", "LATEST_PERMISSION_SET_NOT_PROVISIONED"),

		"IdentityStoreId":      text(1, 36, `d-[0-9a-f]{10}$|^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`),
		"ResourceId":           text(1, 47, `([0-9a-f]{10}-|)`+uuidPattern),
		"UserName":             secret(directory.UserName()),
		"GroupDisplayName":     secret(directory.GroupName()),
		"SensitiveStringType":  secret(directory.Text()),
		"ExternalIdIssuer":     secret(directory.ExternalIDPart()),
		"ExternalIdIdentifier": secret(directory.ExternalIDPart()),
		"AttributePath":        text(1, 255, `(?:\p{L}+:\p{L}+:\p{L}+(?:\.\p{L}+){0,3}|\p{L}+(?:\.\p{L}+){0,2})`),
		"AttributeOperations":  {min: 1, max: 100},
		"Filters":              {max: 1},
		"GroupIds":             {min: 1, max: 100, of: "ResourceId"},
		"One":                  {min: 1, max: 1}, // e-mail, address, phone number
		"NextToken":            text(1, 65535, `[-a-zA-Z0-9+=/:_]*`),

		"OrganizationsMaxResults": {min: 1, max: 20},
		"OrganizationsNextToken":  {max: 100000},
		"OrganizationsAccountId":  text(0, 12, `^\d{12}$`),
		"ChildId":                 text(0, 100, `^(\d{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$`),
		"ChildType":               enum("ACCOUNT", "ORGANIZATIONAL_UNIT"),
		"OrganizationalUnitId":    text(0, 68, `^ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}$`),
		"ParentId":                text(0, 100, `^(r-[0-9a-z]{4,32})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$`),
		"ServicePrincipal":        text(1, 128, `[\w+=,.@-]*`),
		"TaggableResourceId": text(0, 130,
			`^(r-[0-9a-z]{4,32})|(\d{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})|`+
				`(^p-[0-9a-zA-Z_]{8,128})|(^rp-[0-9a-zA-Z_]{4,128})$`),
	}
})
