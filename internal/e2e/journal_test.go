//go:build linux

package e2e

// journald starts the system's journald for a command, in a /run of its own, and afterwards writes down what the
// journal has of rolecall.
const journald = `mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /etc/systemd &&
mkdir -p /run/systemd /run/log/journal || exit 98
printf '[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\n' >/etc/systemd/journald.conf
/lib/systemd/systemd-journald 2>/dev/null & export journald=$!
trap 'kill $journald; wait $journald 2>/dev/null' EXIT
until [ -S /run/systemd/journal/socket ]; do kill -0 $journald || exit 98; sleep 0.05; done
"$@"; code=$?
journalctl --sync || exit 98
for form in cat json; do
	journalctl --directory /run/log/journal --no-pager --quiet -t rolecall -o $form >"$WORK/journal.$form"
done
exit $code`

// journaledMain is the command "journaled COMMAND …": the machine has journald, whose process is $journald. What it
// has of rolecall then is in journal.cat and journal.json.
func journaledMain() { inNamespace(journald) }
