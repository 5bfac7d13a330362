# rolecall in bash: eval "$(rolecall shell-init bash)"
unalias @NAME@ 2>/dev/null || :
function @NAME@ {
    local rolecall_options=$- rolecall_out='' rolecall_code=0
    set +xv # a trace would show the keys
    rolecall_out=$(command rolecall switch --shell sh --name @NAME@ --mode @MODE@ "$@") || rolecall_code=$?
    case $rolecall_out in
    *": rolecall-whole")
        if (eval "$rolecall_out"); then # a readonly variable would end a script with --posix
            eval "$rolecall_out"
        else
            rolecall_out='' rolecall_code=1
            echo 'rolecall: @READONLY@' >&2
        fi ;;
    *) [ "$rolecall_code" != 0 ] || rolecall_code=1 ;;
    esac
    case $rolecall_code:$rolecall_out in
    0:* | 130:* | *": rolecall-whole") ;;
    *) unset @UNSET@ 2>/dev/null || : ;;
    esac
    case $rolecall_options in *x*) set -x ;; esac
    case $rolecall_options in *v*) set -v ;; esac
    return "$rolecall_code"
}
_rolecall_switch() {
    local answer line
    COMPREPLY=()
    answer=$(command rolecall __completions switch bash "${COMP_TYPE:-9}" "${COLUMNS:-80}" "$COMP_WORDBREAKS" \
        "${COMP_LINE:0:COMP_POINT}" 2>/dev/null) || return
    while IFS= read -r line; do
        case $line in
        nospace) compopt -o nospace 2>/dev/null ;;
        =*) COMPREPLY+=("${line#=}") ;;
        esac
    done <<<"$answer"
}
complete -F _rolecall_switch @NAME@ 2>/dev/null || :
