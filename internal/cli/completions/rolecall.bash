# Completion of rolecall in bash: source <(rolecall completion bash)

# _rolecall_command completes the command that follows --, which is word $1.
_rolecall_command() {
    local name
    for name in _comp_command_offset _command_offset; do # of bash-completion
        declare -F "$name" >/dev/null && { "$name" "$1"; return; }
    done
    if ((COMP_CWORD == $1)); then
        while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}" | sort -u)
    else
        compopt -o bashdefault -o default 2>/dev/null
    fi
}

_rolecall() {
    local program=$1 answer line i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == -- ]] && { _rolecall_command $((i + 1)); return; }
    done
    case $program in '~/'*) program=$HOME/${program#'~/'} ;; esac
    type -- "$program" >/dev/null 2>&1 || program=rolecall
    answer=$("$program" __completions bash "${COMP_TYPE:-9}" "${COLUMNS:-80}" "$COMP_WORDBREAKS" \
        "${COMP_LINE:0:COMP_POINT}" 2>/dev/null) || return
    while IFS= read -r line; do
        case $line in
        nospace) compopt -o nospace 2>/dev/null ;;
        files) compopt -o bashdefault -o default 2>/dev/null ;;
        =*) COMPREPLY+=("${line#=}") ;;
        esac
    done <<<"$answer"
}
complete -F _rolecall rolecall
