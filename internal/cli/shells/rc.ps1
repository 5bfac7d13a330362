# rolecall in PowerShell: rolecall shell-init powershell | Out-String | Invoke-Expression
function @NAME@ {
    $PSNativeCommandUseErrorActionPreference = $false
    $rolecall = (Get-Command rolecall -CommandType Application -TotalCount 1 -ErrorAction Stop).Source
    $answer = (& $rolecall switch --shell powershell --name @NAME@ --mode @MODE@ @args) -join "`n"
    $code = $LASTEXITCODE
    if ($answer.EndsWith('# rolecall-whole')) {
        Invoke-Expression $answer
    } elseif ($code -ne 130) {
        foreach ($name in @UNSET@) { Remove-Item "Env:$name" -ErrorAction SilentlyContinue }
        if ($code -eq 0) { $code = 1 }
    }
    $global:LASTEXITCODE = $code
    if ($code -ne 0) { Write-Error "rolecall ended with exit code $code" }
}
