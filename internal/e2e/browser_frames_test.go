//go:build linux

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"rolecall/internal/idc/oidc"
)

// A page of another origin cannot frame ours, though the browser is signed in. Its own frame, as a control, is shown.
func TestNoPageCanBeFramed(t *testing.T) {
	t.Parallel()
	browser := aBrowser(t)
	w := aWorld(t, oidc.Options{})
	d := aDeviceLogin(t, w, "laptop")
	location := func() string {
		at, err := chromedp.Run(browser, chromedp.Location())
		if err != nil {
			t.Fatal(err)
		}
		return homeOf(at)
	}
	do(browser, t, signedInAt(w, "alice", ""), ends("Your accounts"))
	person := location()
	do(browser, t, opens("admin/"), asAdministrator(w), ends("Users"))
	administrator := location()
	paths := []string{
		w.url + "/start", w.url + "/authorize", w.url + "/federation", w.url + "/federation?Action=login",
		w.url + "/oauth?Action=logout", w.url + "/ui/", w.url + "/ui/sign-in", w.url + "/ui/sign-in?over=1",
		w.url + "/ui/device", w.url + "/ui/admin/", w.url + "/ui/admin/sign-in",
	}
	for _, path := range []string{
		"", "keys?account_id=111122223333&role_name=Admin", "console?account_id=111122223333&role_name=Admin",
		"consent?request=x", "device", "device?user_code=" + d.UserCode,
		"admin/", "admin/user?id=x", "admin/groups", "admin/group?id=x", "admin/accounts",
		"admin/account?id=111122223333", "admin/audit",
	} {
		home := person
		if strings.HasPrefix(path, "admin/") {
			home = administrator
		}
		paths = append(paths, home+path)
	}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/own" {
			_, _ = io.WriteString(rw, "<!doctype html><p>own</p>")
			return
		}
		_, _ = io.WriteString(rw, `<!doctype html><iframe src="/own"></iframe>`)
		for _, path := range paths {
			fmt.Fprintf(rw, `<iframe src="%s"></iframe>`, strings.ReplaceAll(path, "&", "&amp;"))
		}
	}))
	t.Cleanup(server.Close)
	do(browser, t, chromedp.Navigate(server.URL+"/"))
	tree, err := chromedp.Call(browser, cdppage.GetFrameTree, cdp.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, frame := range tree.FrameTree.ChildFrames {
		if frame.Frame.UnreachableURL == "" {
			shown++
			if !strings.HasSuffix(frame.Frame.URL, "/own") {
				t.Errorf("%s is shown in a frame", frame.Frame.URL)
			}
		}
	}
	if shown != 1 || len(tree.FrameTree.ChildFrames) != len(paths)+1 {
		t.Errorf("%d of %d frames are shown", shown, len(tree.FrameTree.ChildFrames))
	}
}
