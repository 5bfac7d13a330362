package credentials

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go/middleware"

	"rolecall/internal/awsconfig"
	"rolecall/internal/identitycenter"
	"rolecall/internal/identitycenter/client"
)

// STS says how the Security Token Service is asked.
type STS struct {
	HTTP      *http.Client
	Endpoint  string // override; empty: AWS's endpoint of the region
	FIPS      bool
	DualStack bool
	Now       func() time.Time
}

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
		return Identity{}, s.translate(ctx, "GetCallerIdentity", err)
	}
	return Identity{Account: aws.ToString(out.Account), ARN: aws.ToString(out.Arn), UserID: aws.ToString(out.UserId)}, nil
}

func (s STS) client(c identitycenter.RoleCredentials, region string) *sts.Client {
	o := sts.Options{
		Region: region, HTTPClient: s.HTTP, Retryer: client.Retryer(),
	}
	if c.AccessKeyID != "" { // else the call is not signed
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey.Reveal(), SessionToken: c.SessionToken.Reveal(),
			}, nil
		})
	}
	if s.Endpoint != "" { // used as given: the SDK refuses FIPS or dual-stack with an endpoint
		o.BaseEndpoint = &s.Endpoint
		return sts.New(o)
	}
	if s.FIPS {
		o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
	}
	if s.DualStack {
		o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
	}
	return sts.New(o)
}

// defaultRoleSession names sessions of roles where neither a profile nor the source's session has a name.
const defaultRoleSession = "rolecall"

// sessionName returns the name of the session or user that keys c are of: Identity Center gives a session the user's
// name, and with the same name for the next role, trails and conditions name the person, too.
func (s STS) sessionName(ctx context.Context, c identitycenter.RoleCredentials, region string) string {
	identity, err := s.CallerIdentity(ctx, c, region)
	parts := strings.Split(identity.ARN, "/")
	role := len(parts) == 3 && strings.HasSuffix(parts[0], ":assumed-role")
	user := len(parts) > 1 && strings.HasSuffix(parts[0], ":user")
	if err != nil || !role && !user {
		return defaultRoleSession
	}
	return parts[len(parts)-1]
}

// assumeRole returns credentials of the role that chain names, with those of its source, and the code of its MFA
// device, if it has one. Roles assumed by role chaining last an hour at most.
func (s STS) assumeRole(
	ctx context.Context,
	source identitycenter.RoleCredentials,
	chain awsconfig.Chain,
	region, code string,
) (identitycenter.RoleCredentials, error) {
	if chain.RoleSessionName == "" {
		chain.RoleSessionName = s.sessionName(ctx, source, region)
	}
	in := &sts.AssumeRoleInput{
		RoleArn: &chain.RoleARN, RoleSessionName: &chain.RoleSessionName, TransitiveTagKeys: chain.TransitiveTags,
	}
	if code != "" {
		in.SerialNumber, in.TokenCode = &chain.MFASerial, &code
	}
	if chain.ExternalID != "" {
		in.ExternalId = &chain.ExternalID
	}
	if chain.Duration > 0 {
		in.DurationSeconds = aws.Int32(int32(chain.Duration / time.Second))
	}
	if chain.Policy != "" {
		in.Policy = &chain.Policy
	}
	if chain.SourceIdentity != "" {
		in.SourceIdentity = &chain.SourceIdentity
	}
	for _, arn := range chain.PolicyARNs {
		in.PolicyArns = append(in.PolicyArns, ststypes.PolicyDescriptorType{Arn: &arn})
	}
	for _, t := range chain.Tags {
		in.Tags = append(in.Tags, ststypes.Tag{Key: &t.Key, Value: &t.Value})
	}
	out, err := s.client(source, region).AssumeRole(ctx, in)
	if err != nil {
		return identitycenter.RoleCredentials{}, s.translate(ctx, "AssumeRole", err)
	}
	return s.handedOut("AssumeRole", chain, out.Credentials, out.ResultMetadata)
}

// handedOut checks the credentials that STS has returned for the role of chain.
func (s STS) handedOut(
	operation string, chain awsconfig.Chain, keys *ststypes.Credentials, metadata middleware.Metadata,
) (identitycenter.RoleCredentials, error) {
	bad := func(problem string) (identitycenter.RoleCredentials, error) {
		return identitycenter.RoleCredentials{}, &identitycenter.APIError{
			Operation: operation, Kind: identitycenter.ErrBadAnswer, Description: problem,
		}
	}
	if keys == nil || keys.Expiration == nil {
		return bad("no keys")
	}
	ends := keys.Expiration.UTC()
	c := identitycenter.RoleCredentials{
		AccessKeyID:     aws.ToString(keys.AccessKeyId),
		SecretAccessKey: identitycenter.NewSecret(aws.ToString(keys.SecretAccessKey)),
		SessionToken:    identitycenter.NewSecret(aws.ToString(keys.SessionToken)),
		Expiration:      ends,
		AccountID:       AccountOf(chain.RoleARN),
	}
	if err := c.Check(); err != nil {
		return bad(err.Error())
	}
	return c, client.CheckExpiration(operation, s.Endpoint, ends, metadata, s.Now())
}

// translate tells keys that STS does not accept, and requests that were signed by a wrong clock, from a role that is
// refused.
func (s STS) translate(ctx context.Context, operation string, err error) error {
	err = client.Translate(ctx, operation, "", err)
	var e *identitycenter.APIError
	if !errors.As(err, &e) {
		return err
	}
	if e.Kind == identitycenter.ErrUnauthorized {
		e.Kind = identitycenter.ErrRejectedKeys
	}
	switch e.Code {
	case "ExpiredToken", "InvalidClientTokenId":
		e.Kind = identitycenter.ErrRejectedKeys
	case "RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture":
		client.BlameClock(e, s.Now())
	case "SignatureDoesNotMatch", "InvalidSignatureException":
		e.Kind = identitycenter.ErrRejectedKeys
		if strings.Contains(e.Description, "Signature expired") || strings.Contains(e.Description, "not yet current") {
			client.BlameClock(e, s.Now())
		}
	}
	return err
}
