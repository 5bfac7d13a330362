for name in @NAMES@
    set -l keep ROLECALL_KEEP_$name
    if set -q $keep
        set -gx $name $$keep
        set -eg $keep
    else if not string match -q '*_REGION' $name
        set -eg $name
    end
end
if not set -q ROLECALL_NO_PROMPT; and not functions fish_prompt | string match -q '*ROLECALL_*'
    functions -q fish_prompt; and functions -c fish_prompt rolecall_plain_prompt
    function fish_prompt
        set -l name $ROLECALL_ACCOUNT_NAME $ROLECALL_ACCOUNT_ID
        echo -n "($name[1]/$ROLECALL_ROLE) "
        functions -q rolecall_plain_prompt; and rolecall_plain_prompt
    end
end
