
for name [@NAMES@] {
  if (has-env ROLECALL_KEEP_$name) {
    set-env $name (get-env ROLECALL_KEEP_$name)
    unset-env ROLECALL_KEEP_$name
  } elif (not (eq (str:trim-suffix $name _REGION) $name)) {
    nop
  } else {
    unset-env $name
  }
}
if (not (has-env ROLECALL_NO_PROMPT)) {
  var rolecall-plain = $edit:prompt
  set edit:prompt = {
    put '('(if (has-env ROLECALL_ACCOUNT_NAME) { put $E:ROLECALL_ACCOUNT_NAME } else { put $E:ROLECALL_ACCOUNT_ID })'/'$E:ROLECALL_ROLE') '
    $rolecall-plain
  }
}
