# rolecall in zsh, after compinit: eval "$(rolecall shell-init zsh)"
function @NAME@ {
    emulate -L zsh
    setopt no_xtrace no_verbose # a trace would show the keys
    local rolecall_out='' rolecall_code=0 rolecall_taken=0
    rolecall_out=$(command rolecall switch --shell sh --name @NAME@ --mode @MODE@ "$@") || rolecall_code=$?
    case $rolecall_out in
    *": rolecall-whole")
        {
            eval "$rolecall_out" && rolecall_taken=1
        } always {
            TRY_BLOCK_ERROR=0 # zsh would leave the script because of a readonly variable
        }
        [[ $rolecall_taken = 1 ]] || {
            rolecall_code=1; echo 'rolecall: @READONLY@' >&2
        } ;;
    *) [[ $rolecall_code != 0 ]] || rolecall_code=1 ;;
    esac
    if [[ $rolecall_taken = 0 && $rolecall_code != 130 ]]; then
        for rolecall_out in @UNSET@; do
            {
                unset "$rolecall_out" 2>/dev/null
            } always {
                TRY_BLOCK_ERROR=0
            }
        done
    fi
    return $rolecall_code
}
alias @NAME@='noglob @NAME@' # rc prod-*/Admin reaches rolecall
function _rolecall_switch {
    local answer line
    local -a values shown options
    answer=$(command rolecall __completions switch zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null) || return 1
    for line in "${(@f)answer}"; do
        case $line in
            nospace) options=(-S '') ;;
            '='*) line=${line#=}; values+=("${line%%$'\t'*}"); shown+=("${line#*$'\t'}") ;;
        esac
    done
    (( $#values )) && compadd -M 'm:{a-zA-Z}={A-Za-z}' "${options[@]}" -l -d shown -a values
}
if (( ${+functions[compdef]} )); then
    compdef _rolecall_switch @NAME@
fi
