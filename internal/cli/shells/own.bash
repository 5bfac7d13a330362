[ -r ~/.bashrc ] && . ~/.bashrc
@CORRECT@
if [ -z "${ROLECALL_NO_PROMPT-}" ]; then
    case ${PS1-} in
    *ROLECALL_*) ;;
    *) PS1='(${ROLECALL_ACCOUNT_NAME:-${ROLECALL_ACCOUNT_ID-}}/${ROLECALL_ROLE-}) '${PS1-} ;;
    esac
fi
