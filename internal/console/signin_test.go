package console

import "testing"

// Keys go only to AWS's sign-in endpoints, not to a console or another host of AWS.
func TestWhatIsNoSignInEndpoint(t *testing.T) {
	for origin, want := range map[string]bool{
		"https://signin.aws.amazon.com": true, "https://eu-west-1.signin.aws.amazon.com": true,
		"https://console.aws.amazon.com": false, "https://aws.amazon.com": false, "https://evil.aws.amazon.com": false,
		"https://evilsignin.aws.amazon.com": false, "https://signin.aws.amazon.com.evil.example": false,
		"http://signin.aws.amazon.com": false, "https://signin.aws.amazon.com:8443": false,
		"https://signin.amazonaws.cn": false,
	} {
		if got := IsSignin(origin, "us-east-1"); got != want {
			t.Errorf("%s: %v", origin, got)
		}
	}
}
