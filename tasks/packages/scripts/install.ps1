# Installs @TITLE@ for the current user, on Windows. From a file, with options:
#   powershell -ExecutionPolicy Bypass -File install.ps1 -Version 1.2.3
# Runs nothing before its last line, so that a download of it that was cut does nothing.

param(
  # Install this version, or "latest".
  [string]$Version = @VERSION@,
  # Install into this folder.
  [string]$Dir = '',
  # Download from a mirror.
  [string]$BaseUrl = @RELEASE_URL@,
  # Do not check who built the program, only its checksum.
  [switch]$SkipProvenance,
  # Remove the program from the folder.
  [switch]$Uninstall
)

# The problem, then what to do about it. `exit` would close the window of `irm URL | iex`.
function Stop-Installation([string]$Problem, [string]$Advice) {
  throw "install.ps1: $Problem`n$Advice"
}

function Receive-File([string]$Url, [string]$File, [string]$Protocol, [string]$Advice = '') {
  # Part of Windows since version 1803. Follows redirects only to https.
  $curl = Get-Command curl.exe -CommandType Application -ErrorAction SilentlyContinue |
    Select-Object -First 1
  if ($null -eq $curl) {
    Stop-Installation 'There is no curl.exe, which is part of Windows since version 1803.' 'Install the updates of Windows and run this again.'
  }
  $options = @('--fail', '--silent', '--show-error', '--location', '--max-redirs', '5')
  $options += @('--proto', "=$Protocol", '--proto-redir', '=https')
  $options += @('--connect-timeout', '30', '--retry', '2')
  if ($Protocol -eq 'https') { $options += '--tlsv1.2' } else { $options += @('--noproxy', '*') }
  & $curl.Source @options --output $File $Url
  if ($LASTEXITCODE -ne 0) {
    if ($Advice -eq '') {
      $Advice = "Check the network and the proxy (https_proxy), and that this version exists: $BaseUrl"
    }
    Stop-Installation "$Url could not be downloaded." $Advice
  }
}

# The lines of SHA256SUMS as a table from names to checksums.
function Read-Checksum([string]$File) {
  $sums = @{}
  foreach ($line in Get-Content -LiteralPath $File) {
    if ($line -match '^([0-9a-f]{64}) [ *](\S+)$') { $sums[$Matches[2]] = $Matches[1] }
  }
  return $sums
}

# `gh` without a login cannot fetch what it compares with; one without --source-ref is too old.
function Find-Verifier {
  # Windows PowerShell 5.1 takes output on standard error for an error.
  $ErrorActionPreference = 'Continue'
  if (Get-Command gh -CommandType Application -ErrorAction SilentlyContinue) {
    & gh auth token 2>&1 | Out-Null
    if ($LASTEXITCODE -eq 0 -and ((& gh attestation verify --help 2>&1) -join "`n").Contains('--source-ref')) {
      return 'gh'
    }
  }
  if (Get-Command cosign -CommandType Application -ErrorAction SilentlyContinue) { return 'cosign' }
  return ''
}

function Test-Provenance([string]$Verifier, [string]$Archive, [string]$Bundle, [string]$OfVersion) {
  $ErrorActionPreference = 'Continue'
  if ($Verifier -eq 'gh') {
    $output = & gh attestation verify $Archive --bundle $Bundle --repo $Repository --signer-workflow $SignerWorkflow --source-ref "refs/tags/v$OfVersion" --deny-self-hosted-runners 2>&1
  } else {
    $identity = '^https://github\.com/' + [regex]::Escape($SignerWorkflow) + '@'
    $output = & cosign verify-blob-attestation --bundle $Bundle --new-bundle-format --type slsaprovenance1 --certificate-oidc-issuer https://token.actions.githubusercontent.com --certificate-identity-regexp $identity --certificate-github-workflow-repository $Repository --certificate-github-workflow-ref "refs/tags/v$OfVersion" $Archive 2>&1
  }
  if ($LASTEXITCODE -eq 0) { return }
  Stop-Installation "$Verifier does not confirm that $SignerWorkflow built $Archive.`n$output" "Nothing was installed. If $Verifier has no network or is too old, you can do without it: -SkipProvenance. Otherwise report it: https://github.com/$Repository"
}

# A program that runs cannot be deleted, but renamed.
function Move-Program([string]$From, [string]$To) {
  $former = "$To.old"
  if (Test-Path -LiteralPath $former) {
    Remove-Item -LiteralPath $former -Force -ErrorAction SilentlyContinue
  }
  if (Test-Path -LiteralPath $To) { Move-Item -LiteralPath $To -Destination $former -Force }
  try {
    Move-Item -LiteralPath $From -Destination $To
  } catch {
    if (Test-Path -LiteralPath $former) { Move-Item -LiteralPath $former -Destination $To -Force }
    throw
  }
  if (Test-Path -LiteralPath $former) {
    Remove-Item -LiteralPath $former -Force -ErrorAction SilentlyContinue
  }
}

function Show-PathAdvice {
  if (($env:Path -split ';') -contains $Dir) { return }
  $quoted = $Dir.Replace("'", "''")
  Write-Output ''
  Write-Output "$Dir is not in Path. To add it:"
  Write-Output "  [Environment]::SetEnvironmentVariable('Path', [Environment]::GetEnvironmentVariable('Path', 'User') + ';$quoted', 'User')"
  Write-Output 'and open a new window.'
}

function Install-Program {
  if ($Version -notmatch '^[0-9A-Za-z.+-]+$') {
    Stop-Installation "`"$Version`" is not a valid version." 'Write it like 1.2.3.'
  }
  # ARM64 runs programs for x64.
  $machine = $env:PROCESSOR_ARCHITEW6432
  if (-not $machine) { $machine = $env:PROCESSOR_ARCHITECTURE }
  if (@('AMD64', 'ARM64') -notcontains $machine) {
    Stop-Installation "There is no $Name for Windows on $machine." 'Use a 64-bit Windows, or install.sh on Linux and macOS.'
  }
  if ($BaseUrl -notmatch '^[0-9A-Za-z:/._~%?=+,-]+$') {
    Stop-Installation "`"$BaseUrl`" is not a valid base URL." 'Write it like https://example.com/releases.'
  }
  if ($BaseUrl.StartsWith('https://')) {
    $protocol = 'https'
  } elseif ($BaseUrl -match '^http://127\.0\.0\.1(:[0-9]+)?(/|$)') {
    $protocol = 'http'
  } else {
    Stop-Installation "`"$BaseUrl`" does not start with https://." 'Use a mirror that has https.'
  }
  $base = $BaseUrl.TrimEnd('/')
  $work = Join-Path ([IO.Path]::GetTempPath()) ([IO.Path]::GetRandomFileName())
  New-Item -ItemType Directory -Path $work | Out-Null
  try {
    $ofVersion = $Version -replace '^v', ''
    $files = if ($ofVersion -eq 'latest') { "$base/latest/download" } else { "$base/download/v$ofVersion" }
    $sumsFile = Join-Path $work $ChecksumsFile
    Receive-File "$files/$ChecksumsFile" $sumsFile $protocol
    $sums = Read-Checksum $sumsFile
    if ($ofVersion -eq 'latest') {
      $pattern = '^' + [regex]::Escape($Name) + '-(.+)-' + [regex]::Escape($Target) + '\.zip$'
      $ofVersion = $sums.Keys | Where-Object { $_ -match $pattern } |
        ForEach-Object { $_ -replace $pattern, '$1' } | Select-Object -First 1
    }
    $folder = "$Name-$ofVersion-$Target"
    $archive = "$folder.zip"
    if (-not $sums.ContainsKey($archive)) {
      Stop-Installation "$ChecksumsFile has no line for $archive." "This version has no program for this system. Choose another one: $base"
    }
    Write-Output "Downloading $archive ..."
    $archiveFile = Join-Path $work $archive
    Receive-File "$files/$archive" $archiveFile $protocol
    $actual = (Get-FileHash -LiteralPath $archiveFile -Algorithm SHA256).Hash
    if ($actual -ne $sums[$archive]) {
      Stop-Installation "$archive does not have the checksum of the release: expected $($sums[$archive]), received $actual." "Nothing was installed. Run this again, without a mirror or a proxy that changes files. If it fails again, report it: https://github.com/$Repository"
    }
    Write-Output 'Checksum: correct.'
    $verifier = if ($SkipProvenance) { '' } else { Find-Verifier }
    if ($SkipProvenance) {
      Write-Output 'Provenance: not checked, because of -SkipProvenance.'
    } elseif ($verifier -eq '') {
      Write-Output 'Provenance: not checked. That needs gh with a login, or cosign; the checksum only shows'
      Write-Output 'that the download is complete.'
    } else {
      $bundle = Join-Path $work $ProvenanceFile
      Receive-File "$files/$ProvenanceFile" $bundle $protocol "Nothing was installed. If this release or mirror does not have it, you can do without it: -SkipProvenance"
      Test-Provenance $verifier $archiveFile $bundle $ofVersion
      Write-Output "Provenance: built by $SignerWorkflow (checked by $verifier)."
    }
    Expand-Archive -LiteralPath $archiveFile -DestinationPath $work
    $unpacked = Join-Path (Join-Path $work $folder) "$Name.exe"
    & $unpacked --version | Out-Null
    if ($LASTEXITCODE -ne 0) {
      Stop-Installation 'The program does not start on this system, so it was not installed.' 'Update Windows, or choose an older version: -Version V'
    }
    New-Item -ItemType Directory -Path $Dir -Force | Out-Null
    Move-Program $unpacked (Join-Path $Dir "$Name.exe")
    Write-Output "Installed $(Join-Path $Dir "$Name.exe"), version $ofVersion."
    Show-PathAdvice
  } finally {
    Remove-Item -LiteralPath $work -Recurse -Force -ErrorAction SilentlyContinue
  }
}

function Uninstall-Program {
  $program = Join-Path $Dir "$Name.exe"
  if (-not (Test-Path -LiteralPath $program -PathType Leaf)) {
    Stop-Installation "$program does not exist." 'If it is in another folder, name that: -Dir DIR'
  }
  Remove-Item -LiteralPath $program -Force
  Remove-Item -LiteralPath "$program.old" -Force -ErrorAction SilentlyContinue
  # `upgrade` keeps the program that it replaced.
  Remove-Item -LiteralPath (Join-Path $Dir "$Name.previous.exe") -Force -ErrorAction SilentlyContinue
  Write-Output "Removed $program."
  Write-Output "Logins and settings of $Name were kept; a new installation finds them."
}

function Invoke-Main {
  $ErrorActionPreference = 'Stop'
  # What programs write to standard error is not a failure in newer versions.
  $PSNativeCommandUseErrorActionPreference = $false
  $Name = @NAME@
  $Target = @WINDOWS_TARGET@
  $Repository = @REPOSITORY@
  $SignerWorkflow = @SIGNER_WORKFLOW@
  $ChecksumsFile = @CHECKSUMS_FILE@
  $ProvenanceFile = @PROVENANCE_FILE@
  if ($Dir -eq '') { $Dir = Join-Path (Join-Path $env:LOCALAPPDATA 'Programs') $Name }
  $Dir = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Dir)
  if ($Uninstall) { Uninstall-Program } else { Install-Program }
}

Invoke-Main
