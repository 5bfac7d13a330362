rolecall_own=$ZDOTDIR
if [[ -n ${ROLECALL_ZDOTDIR-} ]]; then ZDOTDIR=$ROLECALL_ZDOTDIR; else unset ZDOTDIR; fi
unset ROLECALL_ZDOTDIR
[[ -r ${ZDOTDIR:-$HOME}/.zshenv ]] && source ${ZDOTDIR:-$HOME}/.zshenv
rolecall_zdotdir=${ZDOTDIR-}
ZDOTDIR=$rolecall_own
