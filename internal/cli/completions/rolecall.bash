# Completion of rolecall in bash: source <(rolecall completion bash)
_rolecall() {
    local program=$1 answer line
    case $program in '~/'*) program=$HOME/${program#'~/'} ;; esac
    type -- "$program" >/dev/null 2>&1 || program=rolecall
    COMPREPLY=()
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
