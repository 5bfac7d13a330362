package credentials

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
)

// STS says how the Security Token Service is asked.
type STS struct {
	HTTP      *http.Client
	Endpoint  string // override; empty: AWS's endpoint of the region
	FIPS      bool
	DualStack bool
}

// A Tag is a session tag of AssumeRole.
type Tag struct{ Key, Value string }

// An Identity is what GetCallerIdentity says of the keys that signed it.
type Identity struct {
	Account string `json:"Account"`
	ARN     string `json:"Arn"`
	UserID  string `json:"UserId"`
}

// CallerIdentity proves whose keys c are (GetCallerIdentity).
func (s STS) CallerIdentity(ctx context.Context, c identitycenter.RoleCredentials, region string) (Identity, error) {
	out, err := s.client(c, region).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return Identity{}, translate(ctx, "GetCallerIdentity", err)
	}
	return Identity{Account: aws.ToString(out.Account), ARN: aws.ToString(out.Arn), UserID: aws.ToString(out.UserId)}, nil
}

func (s STS) client(c identitycenter.RoleCredentials, region string) *sts.Client {
	o := sts.Options{
		Region: region, HTTPClient: s.HTTP,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey.Reveal(), SessionToken: c.SessionToken.Reveal(),
			}, nil
		}),
	}
	if s.Endpoint != "" {
		o.BaseEndpoint = &s.Endpoint
	}
	if s.FIPS {
		o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
	}
	if s.DualStack {
		o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
	}
	return sts.New(o)
}

// defaultRoleSession names chained sessions whose profile gives no
// role_session_name.
const defaultRoleSession = "rolecall"

// assumeRole gives credentials of the role that chain names, with those of its
// source. Roles assumed by role chaining last an hour at most.
func (s STS) assumeRole(ctx context.Context, source identitycenter.RoleCredentials, chain awsconfig.Chain, region string, tags []Tag) (identitycenter.RoleCredentials, error) {
	in := &sts.AssumeRoleInput{RoleArn: &chain.RoleARN, RoleSessionName: aws.String(defaultRoleSession)}
	if chain.RoleSessionName != "" {
		in.RoleSessionName = &chain.RoleSessionName
	}
	if chain.ExternalID != "" {
		in.ExternalId = &chain.ExternalID
	}
	if chain.Duration > 0 {
		in.DurationSeconds = aws.Int32(int32(chain.Duration / time.Second))
	}
	for _, t := range tags {
		in.Tags = append(in.Tags, ststypes.Tag{Key: &t.Key, Value: &t.Value})
	}
	out, err := s.client(source, region).AssumeRole(ctx, in)
	if err != nil {
		return identitycenter.RoleCredentials{}, translate(ctx, "AssumeRole", err)
	}
	if out.Credentials == nil || out.Credentials.Expiration == nil {
		return identitycenter.RoleCredentials{}, &identitycenter.APIError{Operation: "AssumeRole", Kind: identitycenter.ErrBadAnswer, Description: "no keys"}
	}
	return identitycenter.RoleCredentials{
		AccessKeyID:     aws.ToString(out.Credentials.AccessKeyId),
		SecretAccessKey: identitycenter.NewSecret(aws.ToString(out.Credentials.SecretAccessKey)),
		SessionToken:    identitycenter.NewSecret(aws.ToString(out.Credentials.SessionToken)),
		Expiration:      out.Credentials.Expiration.UTC(),
		AccountID:       accountOf(chain.RoleARN),
	}, nil
}

// translate turns what the SDK says of STS into an APIError.
func translate(ctx context.Context, operation string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	e := &identitycenter.APIError{Operation: operation, Kind: identitycenter.ErrUnavailable}
	var answer *smithyhttp.ResponseError
	var api smithy.APIError
	if errors.As(err, &answer) {
		e.Status, e.Kind = answer.HTTPStatusCode(), statusKind(answer.HTTPStatusCode())
	}
	if errors.As(err, &api) {
		e.Code, e.Description = api.ErrorCode(), api.ErrorMessage()
	} else if e.Status == 0 {
		e.Description = fmt.Sprint(innermost(err))
	}
	if e.Code == "ExpiredToken" || e.Code == "InvalidClientTokenId" {
		e.Kind = identitycenter.ErrUnauthorized
	}
	return e
}

func statusKind(status int) error {
	switch {
	case status == http.StatusForbidden:
		return identitycenter.ErrNoAccess
	case status == http.StatusTooManyRequests:
		return identitycenter.ErrThrottled
	case status >= 500:
		return identitycenter.ErrUnavailable
	case status >= 400:
		return identitycenter.ErrInvalidRequest
	}
	return identitycenter.ErrBadAnswer
}

// innermost gives the reason without the URLs that the layers above it repeat.
func innermost(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}
