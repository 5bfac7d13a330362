if [[ -n $rolecall_zdotdir ]]; then export ZDOTDIR=$rolecall_zdotdir; else unset ZDOTDIR; fi
[[ ${HISTFILE-} = $rolecall_own/* ]] && HISTFILE=${ZDOTDIR:-$HOME}/${HISTFILE##*/} # macOS sets it before
unset rolecall_zdotdir rolecall_own
[[ -r ${ZDOTDIR:-$HOME}/.zshrc ]] && source ${ZDOTDIR:-$HOME}/.zshrc
@CORRECT@
if [[ -z ${ROLECALL_NO_PROMPT-} && ${PROMPT-} != *ROLECALL_* ]]; then
    if [[ -o prompt_subst ]]; then
        PROMPT='(${ROLECALL_ACCOUNT_NAME:-${ROLECALL_ACCOUNT_ID-}}/${ROLECALL_ROLE-}) '${PROMPT-}
    else
        PROMPT="(${ROLECALL_ACCOUNT_NAME:-${ROLECALL_ACCOUNT_ID-}}/${ROLECALL_ROLE-}) ${PROMPT-}"
    fi
fi
