for name in (r#'@NAMES@'# | split row " ") {
  let kept = ($env | get --optional $"ROLECALL_KEEP_($name)")
  if $kept != null { load-env {$name: $kept}; hide-env $"ROLECALL_KEEP_($name)" } else if not ($name | str ends-with "_REGION") { hide-env --ignore-errors $name }
}
if ($env.ROLECALL_NO_PROMPT? | is-empty) {
  let plain = $env.PROMPT_COMMAND?
  $env.PROMPT_COMMAND = {||
    let mark = $"\(($env.ROLECALL_ACCOUNT_NAME? | default $env.ROLECALL_ACCOUNT_ID?)/($env.ROLECALL_ROLE?)\) "
    $mark + (if ($plain | describe) == "closure" { do $plain } else { $plain | default "" })
  }
}
