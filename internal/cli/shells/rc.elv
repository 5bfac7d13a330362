# rolecall in elvish: eval (rolecall shell-init elvish | slurp)
use str
fn @NAME@ {|@words|
  var failure = $nil
  var run = { e:rolecall switch --shell elvish --name @NAME@ --mode @MODE@ $@words }
  var out = ({ try { $run } catch e { set failure = $e } } | slurp)
  if (str:has-suffix $out "nop rolecall-whole\n") {
    eval $out
  } else {
    for name [@UNSET@] { unset-env $name }
    if (eq $failure $nil) { fail 'rolecall: the answer was cut off' }
  }
  if (not-eq $failure $nil) { fail $failure }
}
var rolecall-offers = {|@words|
  try { e:rolecall __completions switch zsh (all $words[1..]) 2>/dev/null } catch { nop } | each {|line|
    if (str:has-prefix $line '=') {
      var offer = (str:split &max=2 "\t" $line[1..] | take 1)
      edit:complex-candidate $offer &code-suffix=(if (str:has-suffix $offer /) { put '' } else { put ' ' })
    }
  }
}
try { # only where a person types: edit: is missing elsewhere
  eval 'edit:add-var @NAME@~ $f; set edit:completion:arg-completer[@NAME@] = $o' ^
    &ns=(ns [&f=$@NAME@~ &o=$rolecall-offers])
} catch { nop }
