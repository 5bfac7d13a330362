// Package portal is the access portal's API: accounts, roles and role credentials
// of the owner of an access token. Who has what is the directory's knowledge, and
// asked anew at each call.
package portal

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"sync/atomic"

	"rolecall/internal/idc/directory"
	"rolecall/internal/idc/oidc"
	"rolecall/internal/idc/sts"
	"rolecall/internal/idc/wire"
)

// An API answers the portal's routes.
type API struct {
	Tokens    *oidc.Server
	Roles     *sts.Server
	Directory directory.Store

	credentials atomic.Int64
}

// Credentials gives how many role credentials were handed out.
func (a *API) Credentials() int { return int(a.credentials.Load()) }

// Mount lists the routes.
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
	errPageSize     = &portalError{400, "InvalidRequestException", "ResultSize parameter must be within the valid limits of: 1-100"}
	errMethod       = &portalError{405, "MethodNotAllowedException", "Method not allowed"}
	errInternal     = &portalError{500, "InternalServerException", "Internal error"}
)

func (e *portalError) write(w http.ResponseWriter) {
	w.Header().Set("x-amzn-ErrorType", e.exception)
	wire.JSON(w, e.status, map[string]string{"message": e.message, "__type": "com.amazonaws.switchboard.portal#" + e.exception})
}

// user gives the owner of the request's token, or answers 401.
func (a *API) user(w http.ResponseWriter, r *http.Request) (user string, ok bool) {
	user, _, ok = a.Tokens.User(r.Header.Get("x-amz-sso_bearer_token"))
	if !ok {
		errUnauthorized.write(w)
	}
	return user, ok
}

func (a *API) roleCredentials(w http.ResponseWriter, r *http.Request) {
	user, ok := a.user(w, r)
	if !ok {
		return
	}
	account, role := r.URL.Query().Get("account_id"), r.URL.Query().Get("role_name")
	if account == "" || role == "" {
		errInvalid.write(w)
		return
	}
	sets, err := a.Directory.PermissionSets(user, account)
	if err != nil {
		errInternal.write(w)
		return
	}
	for _, set := range sets {
		if set.Name == role {
			c := a.Roles.MintRole(user, account, set)
			a.credentials.Add(1)
			wire.JSON(w, http.StatusOK, map[string]any{"roleCredentials": map[string]any{
				"accessKeyId": c.AccessKeyID, "secretAccessKey": c.SecretAccessKey, "sessionToken": c.SessionToken,
				"expiration": c.Expiration.UnixMilli(),
			}})
			return
		}
	}
	errForbidden.write(w)
}

func (a *API) accounts(w http.ResponseWriter, r *http.Request) {
	user, ok := a.user(w, r)
	if !ok {
		return
	}
	accounts, err := a.Directory.Accounts(user)
	if err != nil {
		errInternal.write(w)
		return
	}
	page, next, e := pageOf(r, accounts)
	if e != nil {
		e.write(w)
		return
	}
	list := []map[string]string{}
	for _, account := range page {
		list = append(list, map[string]string{"accountId": account.ID, "accountName": account.Name, "emailAddress": account.Email})
	}
	wire.JSON(w, http.StatusOK, map[string]any{"nextToken": next, "accountList": list})
}

func (a *API) roles(w http.ResponseWriter, r *http.Request) {
	user, ok := a.user(w, r)
	if !ok {
		return
	}
	account := r.URL.Query().Get("account_id")
	if account == "" {
		errInvalid.write(w)
		return
	}
	sets, err := a.Directory.PermissionSets(user, account)
	switch {
	case err != nil:
		errInternal.write(w)
		return
	case len(sets) == 0: // like GetRoleCredentials: it says nothing about accounts of others
		errForbidden.write(w)
		return
	}
	page, next, e := pageOf(r, sets)
	if e != nil {
		e.write(w)
		return
	}
	list := []map[string]string{}
	for _, set := range page {
		list = append(list, map[string]string{"roleName": set.Name, "accountId": account})
	}
	wire.JSON(w, http.StatusOK, map[string]any{"nextToken": next, "roleList": list})
}

// defaultPage is the size of a page when none is asked for.
const defaultPage = 20

// pageOf cuts the page out of all that the request asks for, with the token of
// the next one or nil.
func pageOf[T any](r *http.Request, all []T) (page []T, next *string, e *portalError) {
	size, start := defaultPage, 0
	if text := r.URL.Query().Get("max_result"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 100 {
			return nil, nil, errPageSize
		}
		size = n
	}
	if token := r.URL.Query().Get("next_token"); token != "" {
		text, err := base64.RawURLEncoding.DecodeString(token)
		n, convError := strconv.Atoi(string(text))
		if err != nil || convError != nil || n < 0 || n > len(all) {
			return nil, nil, errInvalid
		}
		start = n
	}
	end := min(start+size, len(all))
	if end < len(all) {
		token := base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(end)))
		next = &token
	}
	return all[start:end], next, nil
}

// logout ends the session of the token: its refresh tokens, and the browser's
// stay. Role credentials that were handed out live on.
func (a *API) logout(w http.ResponseWriter, r *http.Request) {
	_, session, ok := a.Tokens.User(r.Header.Get("x-amz-sso_bearer_token"))
	if !ok {
		errUnauthorized.write(w)
		return
	}
	a.Tokens.EndSession(session)
	wire.RequestID(w)
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}
