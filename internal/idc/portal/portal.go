// Package portal is the access portal's API: accounts, roles and role credentials of an access token's owner. It asks
// the directory at each call who has what.
package portal

import (
	"encoding/base64"
	"errors"
	"net/http"
	"sort"
	"strconv"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/limits"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/store"
	"rolecall/internal/idc/sts"
	"rolecall/internal/idc/wire"
)

// An API answers the portal's routes.
type API struct {
	Store  store.Store
	Tokens *oidc.Server
	Roles  *sts.Server
	// Limit throttles the owner of a token, as AWS does; nil does not.
	Limit *limits.Limiter
}

// Mount registers the routes.
func (a *API) Mount(m oidc.Mux) {
	m.HandleFunc("GET /federation/credentials", a.roleCredentials)
	m.HandleFunc("GET /assignment/accounts", a.accounts)
	m.HandleFunc("GET /assignment/roles", a.roles)
	m.HandleFunc("POST /logout", a.logout)
	for _, path := range []string{"/federation/credentials", "/assignment/accounts", "/assignment/roles", "/logout"} {
		m.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { errMethod.write(w) })
	}
}

// A portalError is a refusal in AWS's words.
type portalError struct {
	status             int
	exception, message string
}

var (
	errUnauthorized = &portalError{401, "UnauthorizedException", "Session token not found or invalid"}
	errForbidden    = &portalError{403, "ForbiddenException", "No access"}
	errInvalid      = &portalError{400, "InvalidRequestException", "Invalid request"}
	errPageSize     = &portalError{
		400, "InvalidRequestException", "ResultSize parameter must be within the valid limits of: 1-100",
	}
	errMethod    = &portalError{405, "MethodNotAllowedException", "Method not allowed"}
	errThrottled = &portalError{429, "TooManyRequestsException", "HTTP 429 Unknown Code"}
	errInternal  = &portalError{500, "InternalServerException", "Internal error"}
)

func (e *portalError) write(w http.ResponseWriter) {
	w.Header().Set("x-amzn-ErrorType", e.exception)
	wire.JSON(w, e.status, map[string]string{
		"message": e.message, "__type": "com.amazonaws.switchboard.portal#" + e.exception,
	})
}

func (e *portalError) Error() string { return e.exception + ": " + e.message }

// writeError answers with a refusal, or with errInternal for failures of our own.
func writeError(w http.ResponseWriter, err error) {
	var e *portalError
	if !errors.As(err, &e) {
		e = errInternal
	}
	e.write(w)
}

// user returns the owner of the request's token, or a refusal.
func (a *API) user(r store.Reader, q *http.Request) (directory.User, error) {
	token := q.Header.Get("x-amz-sso_bearer_token")
	session, err := a.Tokens.User(r, token)
	if err != nil {
		return directory.User{}, refusal(err, errUnauthorized)
	}
	if !a.Limit.Allow(token) {
		return directory.User{}, errThrottled
	}
	user, err := directory.Users().Get(r, session.UserID)
	if err == nil && user.Disabled {
		err = errUnauthorized
	}
	return user, refusal(err, errUnauthorized)
}

// refusal replaces errors that mean "not found".
func refusal(err error, instead *portalError) error {
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, oidc.ErrNoSession) {
		return instead
	}
	return err
}

func (a *API) roleCredentials(w http.ResponseWriter, q *http.Request) {
	account, role := q.URL.Query().Get("account_id"), q.URL.Query().Get("role_name")
	c, err := a.Roles.HandOut(q.Context(), account, role, func(r store.Reader) (directory.User, error) {
		user, err := a.user(r, q)
		if err == nil && (account == "" || role == "") {
			err = errInvalid
		}
		return user, err
	})
	if err != nil {
		writeError(w, refusal(err, errForbidden))
		return
	}
	wire.JSON(w, http.StatusOK, map[string]any{
		"roleCredentials": roleCredentials{c.AccessKeyID, c.SecretAccessKey, c.SessionToken, c.Expiration.UnixMilli()},
	})
}

type roleCredentials struct {
	AccessKeyID     string `json:"accessKeyId"`
	SecretAccessKey string `json:"secretAccessKey"`
	SessionToken    string `json:"sessionToken"`
	Expiration      int64  `json:"expiration"` // milliseconds
}

func (a *API) accounts(w http.ResponseWriter, q *http.Request) {
	list := []map[string]string{}
	var next *string
	err := a.Store.View(q.Context(), func(r store.Reader) error {
		user, err := a.user(r, q)
		if err != nil {
			return err
		}
		size, after, err := pageOf(q)
		if err != nil {
			return err
		}
		accounts, err := directory.AccountsOf(r, user.ID, after, size+1)
		if len(accounts) > size {
			accounts = accounts[:size]
			next = pageToken(accounts[size-1].ID)
		}
		for _, account := range accounts {
			list = append(list, map[string]string{
				"accountId": account.ID, "accountName": account.Name, "emailAddress": account.Email,
			})
		}
		return err
	})
	if err != nil {
		writeError(w, err)
		return
	}
	wire.JSON(w, http.StatusOK, map[string]any{"nextToken": next, "accountList": list})
}

func (a *API) roles(w http.ResponseWriter, q *http.Request) {
	account := q.URL.Query().Get("account_id")
	list := []map[string]string{}
	var next *string
	err := a.Store.View(q.Context(), func(r store.Reader) error {
		user, err := a.user(r, q)
		if err != nil {
			return err
		}
		if account == "" {
			return errInvalid
		}
		size, after, err := pageOf(q)
		if err != nil {
			return err
		}
		names, err := roleNames(r, user.ID, account)
		if err != nil {
			return err
		}
		names = names[sort.SearchStrings(names, after+"\x00"):] // what comes after that name
		if len(names) > size {
			names = names[:size]
			next = pageToken(names[size-1])
		}
		for _, name := range names {
			list = append(list, map[string]string{"roleName": name, "accountId": account})
		}
		return nil
	})
	if err != nil {
		writeError(w, err)
		return
	}
	wire.JSON(w, http.StatusOK, map[string]any{"nextToken": next, "roleList": list})
}

// roleNames returns sorted names. It refuses an account in which the user has nothing, as GetRoleCredentials does, so
// that nothing is said about accounts of others.
func roleNames(r store.Reader, userID, account string) ([]string, error) {
	sets, err := directory.PermissionSetsOf(r, userID, account)
	if err == nil && len(sets) == 0 {
		err = errForbidden
	}
	names := make([]string, len(sets))
	for i, set := range sets {
		names[i] = set.Name
	}
	sort.Strings(names)
	return names, err
}

// defaultPage is the page size unless the request sets one.
const defaultPage = 20

// pageOf reads the page that the request asks for: its size, and the id or name that it starts after.
func pageOf(q *http.Request) (size int, after string, err error) {
	size = defaultPage
	if text := q.URL.Query().Get("max_result"); text != "" {
		if size, err = strconv.Atoi(text); err != nil || size < 1 || size > 100 {
			return 0, "", errPageSize
		}
	}
	token, err := base64.RawURLEncoding.DecodeString(q.URL.Query().Get("next_token"))
	if err != nil {
		return 0, "", errInvalid
	}
	return size, string(token), nil
}

func pageToken(last string) *string {
	token := base64.RawURLEncoding.EncodeToString([]byte(last))
	return &token
}

// logout ends the session of the access token and its refresh tokens. The browser's session stays, and so do role
// credentials that were handed out.
func (a *API) logout(w http.ResponseWriter, q *http.Request) {
	var session oidc.Session
	err := a.Store.View(q.Context(), func(r store.Reader) (err error) {
		session, err = a.Tokens.User(r, q.Header.Get("x-amz-sso_bearer_token"))
		return refusal(err, errUnauthorized)
	})
	if err == nil {
		err = a.Tokens.EndSession(q.Context(), session.ID, "user:"+session.UserName)
	}
	if err != nil {
		writeError(w, err)
		return
	}
	wire.RequestID(w)
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}

// Unknown answers a request that no operation matches.
func Unknown(w http.ResponseWriter, request string) {
	(&portalError{http.StatusNotFound, "UnknownOperationException", wire.Missing("sso", request)}).write(w)
}

// RefuseToken answers for a region without this instance, where its tokens are unknown.
func RefuseToken(w http.ResponseWriter) { errUnauthorized.write(w) }
