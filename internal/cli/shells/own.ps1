foreach ($name in '@NAMES@'.Split(' ')) {
    $kept = [Environment]::GetEnvironmentVariable("ROLECALL_KEEP_$name")
    if ($kept) {
        Set-Item "Env:$name" $kept
    } elseif (-not $name.EndsWith('_REGION')) {
        Remove-Item "Env:$name" -ErrorAction SilentlyContinue
    }
    Remove-Item "Env:ROLECALL_KEEP_$name" -ErrorAction SilentlyContinue
}
if (-not $Env:ROLECALL_NO_PROMPT) {
    $global:RolecallPrompt = $function:prompt
    function global:prompt {
        $name = if ($Env:ROLECALL_ACCOUNT_NAME) { $Env:ROLECALL_ACCOUNT_NAME } else { $Env:ROLECALL_ACCOUNT_ID }
        '(' + $name + '/' + $Env:ROLECALL_ROLE + ') ' + (& $global:RolecallPrompt)
    }
}
