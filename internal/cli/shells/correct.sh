for rolecall_name in @NAMES@; do
    eval "rolecall_value=\${ROLECALL_KEEP_$rolecall_name-}"
    case $rolecall_value:$rolecall_name in
    :*_REGION) ;;
    :*) unset "$rolecall_name" ;;
    *) export "$rolecall_name=$rolecall_value" ;;
    esac
    unset "ROLECALL_KEEP_$rolecall_name"
done
unset rolecall_name rolecall_value
