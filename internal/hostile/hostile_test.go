package hostile

import "testing"

func TestNames(t *testing.T) {
	if n := len(Names()); n != 686 {
		t.Errorf("%d names", n)
	}
}
