# rolecall in fish: rolecall shell-init fish | source
function @NAME@ --description 'Switch this shell to a role'
    set -l fish_trace # a trace would show the keys
    set -l rolecall_out (command rolecall switch --shell fish --name @NAME@ --mode @MODE@ $argv)
    set -l rolecall_code $status
    if test "$rolecall_out[-1]" = ': rolecall-whole'
        printf '%s\n' $rolecall_out | source
    else if test $rolecall_code -ne 130
        for rolecall_name in @UNSET@
            set -eg $rolecall_name
        end
        test $rolecall_code -ne 0; or set rolecall_code 1
    end
    for rolecall_name in AWS_PROFILE AWS_DEFAULT_PROFILE
        if set -qU $rolecall_name; and not set -qg $rolecall_name
            echo "rolecall: a universal $rolecall_name of fish is still set. To remove it: set -eU $rolecall_name" >&2
        end
    end
    return $rolecall_code
end
complete -c @NAME@ -e
complete -c @NAME@ -f -a '(command rolecall __completions switch fish (commandline -cp | string collect) 2>/dev/null | string replace -rf "^=" "")'
