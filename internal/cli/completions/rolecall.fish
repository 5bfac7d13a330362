# Completion of rolecall in fish: rolecall completion fish | source
function __rolecall_offers
    rolecall __completions fish (commandline -cp | string collect) 2>/dev/null | string replace -rf '^=' ''
end
function __rolecall_takes_files
    rolecall __completions fish (commandline -cp | string collect) 2>/dev/null | string match -q files
end
complete -c rolecall -e
complete -c rolecall -f -a '(__rolecall_offers)'
complete -c rolecall -n __rolecall_takes_files -F
