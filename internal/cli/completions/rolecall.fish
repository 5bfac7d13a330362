# Completion of rolecall in fish: rolecall completion fish | source
function __rolecall_offers
    rolecall __completions fish (commandline -cp | string collect) 2>/dev/null | string replace -rf '^=' ''
end
function __rolecall_command
    set -l words (commandline -opc)
    set -l dash (contains -i -- -- $words)
    complete -C (string join ' ' -- (string escape -- $words[(math $dash + 1)..-1]) (commandline -ct))
end
function __rolecall_before_command
    not contains -- -- (commandline -opc)
end
function __rolecall_takes_files
    rolecall __completions fish (commandline -cp | string collect) 2>/dev/null | string match -q files
end
complete -c rolecall -e
complete -c rolecall -n __rolecall_before_command -f -a '(__rolecall_offers)'
complete -c rolecall -n '__rolecall_before_command; and __rolecall_takes_files' -F
complete -c rolecall -n 'not __rolecall_before_command' -f -a '(__rolecall_command)'
