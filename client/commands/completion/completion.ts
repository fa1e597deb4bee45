/**
 * Completion scripts. Each passes the arguments typed so far to the hidden command `complete`
 * and offers its output; nothing that was typed is evaluated. Without candidates, the shell
 * completes file names.
 */
import { Argument, type Command } from "commander";
import { examples } from "../../../shared/command_examples.ts";
import type { Run } from "../../../shared/command_line.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import type { ClientIo } from "../../io.ts";

export type Shell = "bash" | "zsh" | "fish" | "powershell";

/** Prints the completion script for `shell`. */
export function completion(shell: Shell, io: Pick<ClientIo, "stdout">): Promise<number> {
  io.stdout(completionScript(shell, brand.binaryName));
  return Promise.resolve(EXIT.ok);
}

export function completionScript(shell: Shell, name: string): string {
  return SCRIPTS[shell].replaceAll("NAME", name)
    .replaceAll("FUNCTION", `_${name.replaceAll(/[^A-Za-z0-9_]/g, "_")}_complete`);
}

const SCRIPTS: Record<Shell, string> = {
  // Works in bash 3.2 (macOS) and without the bash-completion package. The line is split at
  // spaces here because readline splits at ":" and "=" too.
  bash: `# bash completion for NAME
FUNCTION() {
  local line="\${COMP_LINE:0:COMP_POINT}" words current prefix reply program first
  first="^([^[:space:]\\"'\\\\\\\\]|\\\\\\\\.|\\"[^\\"]*\\"|'[^']*')+"
  [[ "$line" =~ $first ]] || return
  program="\${BASH_REMATCH[0]}"
  read -r -a words <<< "\${line:\${#program}}"
  [[ "$line" == *[[:space:]] || \${#words[@]} -eq 0 ]] && words+=("")
  # As the shell would find the program; of what was typed only ~NAME/ is evaluated.
  program="\${program//[\\"\\'\\\\\\\\]/}"
  first='^~[A-Za-z0-9._-]*/'
  [[ "$program" =~ $first ]] && eval "prefix=\${BASH_REMATCH[0]}" &&
    program="$prefix\${program:\${#BASH_REMATCH[0]}}"
  [[ "$program" == '$HOME/'* ]] && program="$HOME/\${program#'$HOME/'}"
  type -P -- "$program" > /dev/null || program=NAME
  current="\${words[\${#words[@]}-1]}"
  prefix="\${current%"\${current##*[:=]}"}"
  COMPREPLY=()
  while IFS=$'\\t' read -r reply _; do
    if [[ "$reply" == ":command "* ]]; then
      words=("\${words[@]:\${reply#:command }}")
      if [[ \${#words[@]} -eq 1 ]]; then
        while IFS= read -r reply; do COMPREPLY+=("$reply"); done < <(
          { compgen -c -- "$current"; compgen -d -S / -- "$current"; } | sort -u)
      elif declare -F _command_offset > /dev/null; then
        COMP_WORDS=("\${words[@]}") COMP_CWORD=$((\${#words[@]} - 1))
        COMP_LINE="\${words[*]}" COMP_POINT="\${#COMP_LINE}"
        _command_offset 0
      fi
      return
    fi
    COMPREPLY+=("\${reply#"$prefix"}")
  done < <("$program" complete -- "\${words[@]}" 2>/dev/null)
}
complete -o default -F FUNCTION NAME
`,
  zsh: `#compdef NAME
FUNCTION() {
  local -a replies
  local value description program="\${(Q)words[1]}"
  # As the shell would find the program; nothing that was typed is evaluated.
  case "$program" in
    '~'*/*) program="$(setopt noglob; print -rn -- \${~program} 2>/dev/null)" ;;
    '$HOME/'*) program="$HOME/\${program#'$HOME/'}" ;;
  esac
  whence -p -- "$program" > /dev/null || program=NAME
  while IFS=$'\\t' read -r value description; do
    if [[ "$value" == ':command '* ]]; then
      value="\${value#:command }"
      words=("\${(@)words[value+2,-1]}")
      (( CURRENT -= value + 1 ))
      _normal
      return
    fi
    replies+=("\${value//:/\\\\:}\${description:+:$description}")
  done < <("$program" complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  if (( $#replies )); then _describe NAME replies; else _files; fi
}
if [[ "\${funcstack[1]}" == FUNCTION || "\${funcstack[1]}" == _NAME ]]; then
  FUNCTION "$@"
else
  compdef FUNCTION NAME
fi
`,
  fish: `# fish completion for NAME
function FUNCTION
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    # As the shell would find the program; nothing that was typed is evaluated.
    set -l program (string unescape -- $words[1]; or printf '%s\\n' $words[1])
    set program (string replace -r '^(~|\\$HOME)/' "$HOME/" -- $program)
    type -q -- "$program"; or set program NAME
    set -l replies ($program complete -- $words[2..-1] "$current" 2>/dev/null)
    if string match -q ':command *' -- "$replies[1]"
        set -l offset (string replace ':command ' '' -- $replies[1])
        set -l line (string escape -- $words[(math $offset + 2)..-1] | string join ' ')
        complete -C "$line $current"
    else if test (count $replies) -gt 0
        printf '%s\\n' $replies
    else
        __fish_complete_path "$current"
    end
end
complete -c NAME -f -a '(FUNCTION)'
`,
  // Older PowerShell drops empty arguments to programs: --next stands for one.
  powershell: `# PowerShell completion for NAME
Register-ArgumentCompleter -Native -CommandName 'NAME' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.StartOffset -lt $cursorPosition } |
        ForEach-Object { $_.ToString() })
    $asked = @('complete')
    if ($wordToComplete -eq '') { $asked += '--next' }
    $program = $commandAst.GetCommandName()
    if ($program -like '~[/\\]*') { $program = Join-Path $HOME $program.Substring(2) }
    if (-not (Get-Command $program -ErrorAction Ignore)) { $program = 'NAME' }
    & $program @asked '--' @words 2>$null | ForEach-Object {
        if ($_ -like ':command *') {
            Get-Command -Name "$wordToComplete*" -CommandType Application |
                ForEach-Object { $_.Name } | Select-Object -First 50 -Unique
            return
        }
        $value, $description = $_ -split "\`t", 2
        if (-not $description) { $description = $value }
        [System.Management.Automation.CompletionResult]::new(
            $value, $value, 'ParameterValue', $description)
    }
}
`,
};

export function declare(command: Command, client: Run<ClientIo>): void {
  const bin = brand.binaryName;
  command.addArgument(
    new Argument("<shell>", "your shell").choices([
      "bash",
      "zsh",
      "fish",
      "powershell",
    ]),
  )
    .addHelpText(
      "after",
      examples(
        [`source <(${bin} completion bash)`, "in ~/.bashrc"],
        [`source <(${bin} completion zsh)`, "in ~/.zshrc, after compinit"],
        [`${bin} completion fish | source`, "in ~/.config/fish/config.fish"],
        [`${bin} completion powershell | Out-String | Invoke-Expression`, "in $PROFILE"],
      ),
    )
    .action((shell) => client((io) => completion(shell, io)));
}
