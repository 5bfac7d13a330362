package admin

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"rolecall/internal/idc/store"
)

// An awsError is an error in AWS's words. Its HTTP status is nearly always 400.
type awsError struct {
	status        int
	code, message string
	members       map[string]string // Reason, ResourceType …
}

func (e *awsError) Error() string { return e.code + ": " + e.message }

// say returns the same error with another message.
func (e *awsError) say(format string, args ...any) *awsError {
	other := *e
	other.message = fmt.Sprintf(format, args...)
	return &other
}

// with returns the same error with one more member.
func (e *awsError) with(name, value string) *awsError {
	other := *e
	other.members = maps.Clone(e.members)
	if other.members == nil {
		other.members = map[string]string{}
	}
	other.members[name] = value
	return &other
}

func (e *awsError) body(s service, requestID string) map[string]string {
	body := map[string]string{"__type": e.code}
	if e.message != "" {
		body["Message"] = e.message
	}
	if s.prefix == identityStorePrefix {
		body["RequestId"] = requestID // its errors all have the member
	}
	maps.Copy(body, e.members)
	return body
}

func badRequest(code string) *awsError { return &awsError{status: http.StatusBadRequest, code: code} }

var (
	// AWS sends no message (hashicorp/terraform-provider-aws#27830); ours names what is missing.
	errUnknownOperation = badRequest("UnknownOperationException")
	errSerialization    = badRequest("SerializationException")
	errTooLarge         = &awsError{
		status: http.StatusRequestEntityTooLarge, code: "RequestEntityTooLargeException",
		message: "Request entity is larger than " + strconv.Itoa(MaxBody) + " bytes",
	}
	errValidation   = badRequest("ValidationException")
	errNotFound     = badRequest("ResourceNotFoundException")
	errConflict     = badRequest("ConflictException")
	errQuota        = badRequest("ServiceQuotaExceededException")
	errAccessDenied = badRequest("AccessDeniedException")
	errInvalidInput = badRequest("InvalidInputException") // of organizations
)

func (s service) internalError() *awsError {
	code := "InternalServerException"
	if s.prefix == organizationsPrefix {
		code = "ServiceException"
	}
	return &awsError{
		status: http.StatusInternalServerError, code: code,
		message: "An unexpected internal service exception was encountered",
	}
}

// orNotFound returns e in place of store.ErrNotFound.
func orNotFound(err error, e *awsError) error {
	if errors.Is(err, store.ErrNotFound) {
		return e
	}
	return err
}

// refuse reports violations in the words of the service.
func (s service) refuse(found []violation) error {
	if len(found) == 0 {
		return nil
	}
	if s.prefix == organizationsPrefix {
		return refuseInput(found[0])
	}
	texts := make([]string, len(found))
	for i, v := range found {
		texts[i] = v.String()
	}
	plural := "s"
	if len(found) == 1 {
		plural = ""
	}
	return errValidation.say("%d validation error%s detected: %s", len(found), plural, strings.Join(texts, "; "))
}

// refuseInput reports a violation as organizations does: reasons and messages come from its API reference; the one
// about patterns was observed (aws-ia/terraform-aws-control_tower_account_factory#287).
func refuseInput(v violation) error {
	reasons := map[constraint][2]string{
		notNull:    {"INPUT_REQUIRED", "You must include a value for all required parameters."},
		minLength:  {"MIN_LENGTH_EXCEEDED", "You provided a string parameter that is shorter than allowed."},
		maxLength:  {"MAX_LENGTH_EXCEEDED", "You provided a string parameter that is longer than allowed."},
		minValue:   {"MIN_VALUE_EXCEEDED", "You provided a numeric parameter that has a smaller value than allowed."},
		maxValue:   {"MAX_VALUE_EXCEEDED", "You provided a numeric parameter that has a larger value than allowed."},
		hasPattern: {"INVALID_PATTERN", "You provided a value that does not match the required pattern."},
		inEnum:     {"INVALID_ENUM", "You specified an invalid value."},
	}
	reason := reasons[v.constraint]
	return errInvalidInput.say("%s", reason[1]).with("Reason", reason[0])
}

// badToken refuses a NextToken that the operation did not issue.
func (s service) badToken() error {
	if s.prefix == organizationsPrefix {
		return errInvalidInput.say("Get the value for the NextToken parameter from the response to a previous call of the "+
			"operation.").
			with("Reason", "INVALID_NEXT_TOKEN")
	}
	return errValidation.say("The NextToken provided is invalid")
}
