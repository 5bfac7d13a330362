#compdef rolecall
# Completion of rolecall in zsh, after compinit: source <(rolecall completion zsh)
_rolecall() {
    local program=${(Q)words[1]} answer line
    local -a values shown options
    integer dash=${words[(i)--]}
    if (( dash < CURRENT )); then
        shift $dash words
        (( CURRENT -= dash ))
        _normal
        return
    fi
    [[ $program == '~/'* ]] && program=$HOME/${program#'~/'}
    whence -- $program >/dev/null || program=rolecall
    answer=$($program __completions zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null) || return 1
    for line in "${(@f)answer}"; do
        case $line in
            nospace) options=(-S '') ;;
            files) _files ;;
            '='*) line=${line#=}; values+=("${line%%$'\t'*}"); shown+=("${line#*$'\t'}") ;;
        esac
    done
    (( $#values )) && compadd -M 'm:{a-zA-Z}={A-Za-z}' "${options[@]}" -l -d shown -a values
}
if [[ ${funcstack[1]} == _rolecall ]]; then
    _rolecall "$@"
else
    compdef _rolecall rolecall
fi
