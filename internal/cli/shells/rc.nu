# rolecall in nushell: rolecall shell-init nushell | save --force ($nu.user-autoload-dirs.0 | path join rolecall.nu)
def "nu-complete rolecall @NAME@" [context: string] {
  ^rolecall __completions switch nushell $context | lines | where {|line| $line starts-with "=" } | each {|line|
    let parts = ($line | str substring 1.. | split row "\t")
    {value: $parts.0, description: ($parts.1? | default "")}
  }
}
# Switch this shell to a role
def --env --wrapped @NAME@ [...words: string@"nu-complete rolecall @NAME@"] {
  let answer = (try {
    {variables: (^rolecall switch --shell nushell --name @NAME@ --mode @MODE@ ...$words | from json | transpose name value)}
  } catch {|failure| {failure: $failure, variables: []} })
  let failed = ("failure" in $answer)
  if $failed and $answer.failure.exit_code? != 130 {
    let before = $env.ROLECALL_TARGET?
    hide-env --ignore-errors @UNSET@
    if $before != null { $env.ROLECALL_PREVIOUS = $before }
  }
  let gone = ($answer.variables | where value == null | get name)
  if ($gone | is-not-empty) { hide-env --ignore-errors ...$gone }
  load-env ($answer.variables | where value != null | reduce --fold {} {|it, all| $all | insert $it.name $it.value })
  if $failed { return $answer.failure.raw }
}
