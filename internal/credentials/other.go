package credentials

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	ststypes "github.com/aws/aws-sdk-go-v2/service/sts/types"

	"rolecall/internal/awsconfig"
	"rolecall/internal/filesystem"
	"rolecall/internal/identitycenter"
	"rolecall/internal/identitycenter/client"
)

// ErrNoKeys means that a profile says where its keys are, and none are there.
var ErrNoKeys = errors.New("there are no keys")

// ErrBadProcess means that a credential_process printed something other than version 1 of its format.
var ErrBadProcess = errors.New("its output is not in the format of a credential_process")

// Others get keys that have nothing to do with Identity Center. Profiles that need a missing one are an ErrNoKeys.
type Others struct {
	// Getenv reads the environment, for credential_source = Environment.
	Getenv func(name string) string
	// Process runs the profile's credential_process, and returns its stdout.
	Process func(ctx context.Context, profile awsconfig.Profile) ([]byte, error)
	// Code asks the person for the code of an MFA device.
	Code func(ctx context.Context, serial string) (string, error)
}

// other returns the keys of a profile that neither signs in nor assumes a role. Nobody caches them: they are in a file,
// or their program does.
func (s *Source) other(ctx context.Context, profile awsconfig.Profile) (identitycenter.RoleCredentials, error) {
	var c identitycenter.RoleCredentials
	of := fmt.Sprintf("profile %q", profile.Name)
	switch keys := profile.Static; {
	case keys != nil:
		of = keys.Origin.String()
		c.AccessKeyID, c.SecretAccessKey, c.SessionToken = keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken
	case profile.Environment && s.Others.Getenv != nil:
		of, c = "the environment", fromEnvironment(s.Others.Getenv)
	case profile.CredentialProcess != "" && s.Others.Process != nil:
		out, err := s.Others.Process(ctx, profile)
		if err == nil {
			c, err = s.fromProcess(out)
		}
		if err != nil {
			return c, fmt.Errorf("credential_process of %s: %w", of, err)
		}
		return c, nil
	}
	if c.AccessKeyID == "" {
		return c, fmt.Errorf("%s: %w", of, ErrNoKeys)
	}
	if err := c.CheckAny(); err != nil {
		return c, fmt.Errorf("%s: %w", of, err)
	}
	return c, nil
}

func fromEnvironment(getenv func(string) string) identitycenter.RoleCredentials {
	if getenv("AWS_ACCESS_KEY_ID") == "" || getenv("AWS_SECRET_ACCESS_KEY") == "" {
		return identitycenter.RoleCredentials{}
	}
	ends, _ := time.Parse(time.RFC3339, getenv("AWS_CREDENTIAL_EXPIRATION"))
	return identitycenter.RoleCredentials{
		AccessKeyID:     getenv("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: identitycenter.NewSecret(getenv("AWS_SECRET_ACCESS_KEY")),
		SessionToken:    identitycenter.NewSecret(getenv("AWS_SESSION_TOKEN")),
		Expiration:      ends,
	}
}

// fromProcess reads the answer of a credential_process, version 1.
func (s *Source) fromProcess(out []byte) (c identitycenter.RoleCredentials, err error) {
	bad := func(problem string) error { return fmt.Errorf("%w: %s", ErrBadProcess, problem) }
	var answer struct {
		Version                                                           int
		AccessKeyId, SecretAccessKey, SessionToken, Expiration, AccountId string //nolint:revive // the format's names
	}
	if err := client.CheckObject(out); err != nil {
		return c, bad(err.Error())
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		return c, bad("a value of the wrong type")
	}
	if answer.Version != 1 {
		return c, bad(fmt.Sprintf("version %d, not 1", answer.Version))
	}
	c = identitycenter.RoleCredentials{
		AccessKeyID:     answer.AccessKeyId,
		SecretAccessKey: identitycenter.NewSecret(answer.SecretAccessKey),
		SessionToken:    identitycenter.NewSecret(answer.SessionToken),
		AccountID:       answer.AccountId,
	}
	if answer.Expiration != "" {
		if c.Expiration, err = time.Parse(time.RFC3339, answer.Expiration); err != nil {
			return c, bad("an Expiration that is not RFC 3339")
		}
		c.Expiration = c.Expiration.UTC()
		if !c.Expiration.After(s.Now()) {
			return c, bad("keys that expired at " + c.Expiration.Local().Format("2006-01-02 15:04:05"))
		}
	}
	if err := c.CheckAny(); err != nil {
		return c, bad(err.Error())
	}
	return c, nil
}

// maxTokenFile bounds the token of a web identity: STS takes 20,000 characters.
const maxTokenFile = 64 << 10

// assumeWithToken returns credentials of the role that chain names, for the token in its file
// (AssumeRoleWithWebIdentity). The file is read anew each time: its token is short-lived.
func (s STS) assumeWithToken(
	ctx context.Context, chain awsconfig.Chain, region string,
) (identitycenter.RoleCredentials, error) {
	token, err := filesystem.Read(chain.TokenFile, maxTokenFile)
	if errors.Is(err, os.ErrNotExist) {
		return identitycenter.RoleCredentials{}, fmt.Errorf("web_identity_token_file %s: %w", chain.TokenFile, ErrNoKeys)
	}
	if err != nil {
		return identitycenter.RoleCredentials{}, fmt.Errorf("web_identity_token_file %s: %w", chain.TokenFile, err)
	}
	in := &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: &chain.RoleARN, RoleSessionName: aws.String(defaultRoleSession), WebIdentityToken: aws.String(string(token)),
	}
	if chain.RoleSessionName != "" {
		in.RoleSessionName = &chain.RoleSessionName
	}
	if chain.Policy != "" {
		in.Policy = &chain.Policy
	}
	for _, arn := range chain.PolicyARNs {
		in.PolicyArns = append(in.PolicyArns, ststypes.PolicyDescriptorType{Arn: &arn})
	}
	if chain.Duration > 0 {
		in.DurationSeconds = aws.Int32(int32(chain.Duration / time.Second))
	}
	const operation = "AssumeRoleWithWebIdentity"
	out, err := s.client(identitycenter.RoleCredentials{}, region).AssumeRoleWithWebIdentity(ctx, in)
	if err != nil {
		return identitycenter.RoleCredentials{}, s.translate(ctx, operation, err)
	}
	return s.handedOut(operation, chain, out.Credentials, out.ResultMetadata)
}
