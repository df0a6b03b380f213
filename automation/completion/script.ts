import { type Argument, type Command, type Option } from "commander";
import { join } from "node:path";
import { projectRoot } from "../project";
import { stackName } from "../stack-name";

export const shells = ["bash", "zsh"] as const;
export type Shell = (typeof shells)[number];

/** zsh runs what is written for bash, with its own compatibility functions. */
const before = {
  bash: "",
  zsh: "autoload -Uz compinit bashcompinit && { whence compdef >/dev/null || compinit; } && bashcompinit\n",
};

/**
 * A script after which the shell completes `slipway`: commands, options, their values, names of stacks. Made of the command
 * line's own definition; what changes without it (the stacks) is looked up when Tab is pressed. Nothing that is typed is run.
 */
export function completionScript(program: Command, shell: Shell): string {
  const commands = commandsOf(program);
  const values = commands.flatMap(([path, command]) =>
    optionsOf(command).flatMap((option) =>
      option.required || option.optional
        ? [`    ${anyOf([`${path} ${nameOf(option)}`])}) ${replies(option)} ;;`]
        : [],
    ),
  );
  const options = commands.map(
    ([path, command]) => `        ${anyOf([path])}) words=${quoted(optionsOf(command).map(nameOf))} ;;`,
  );
  const places = commands.flatMap(([path, command]) =>
    placesOf(command).map((reply, place) => `        ${anyOf([`${path} ${place}`])}) ${reply} ;;`),
  );
  const takesValue = values.map((line) => line.replace(/\).*/, ") return 0 ;;"));
  return `# Made by 'slipway completion ${shell}': make it anew when slipway has new commands.
${before[shell]}
command -v slipway >/dev/null || slipway() { node ${inQuotes(join(projectRoot, "automation", "bin.js"))} "$@"; }

_slipway_stacks() {
  local file
  for file in ${inQuotes(projectRoot)}/Pulumi.*.yaml; do
    file="\${file##*/Pulumi.}"
    printf '%s ' "\${file%.yaml}"
  done
}

_slipway_takes_value() {
  case "$1" in
${takesValue.join("\n")}
  esac
  return 1
}

_slipway() {
  local word="\${COMP_WORDS[COMP_CWORD]}" last="" path="" place=0 words="" files="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    if _slipway_takes_value "$path $last"; then
      last=""
      continue
    fi
    last="\${COMP_WORDS[i]}"
    case "$path/$last" in
      ${anyOf(commands.slice(1).map(([path]) => path))}) path="$path/$last" ;;
      */-*) ;;
      *) place=$((place + 1)) ;;
    esac
  done
  case "$path $last" in
${values.join("\n")}
    *)
      case "$word" in
      -*) case "$path" in
${options.join("\n")}
        esac ;;
      *) case "$path $place" in
${places.join("\n")}
        esac ;;
      esac ;;
  esac
  [ -z "$files" ] || compopt -o filenames 2>/dev/null
  COMPREPLY=()
  [ -z "$words$files" ] || COMPREPLY=($(compgen $files -W "$words" -- "$word"))
}

complete -F _slipway slipway
`;
}

/** All commands with where they are: `` for the program itself, `/status`, `/local/start`. */
function commandsOf(command: Command, path = ""): [path: string, command: Command][] {
  const below = command.createHelp().visibleCommands(command);
  return [[path, command], ...below.flatMap((each) => commandsOf(each, `${path}/${each.name()}`))];
}

const optionsOf = (command: Command): Option[] => command.createHelp().visibleOptions(command);
const nameOf = ({ long, short }: Option): string => (long ?? short)!;

/** What can stand in each place that is no option's: the commands below, or the arguments. */
function placesOf(command: Command): string[] {
  const below = command.createHelp().visibleCommands(command);
  if (below.length > 0) return [`words=${quoted(below.map((each) => each.name()))}`];
  return command.registeredArguments.map(replies);
}

/** Sets what is offered for a value: names of stacks, its choices, files, folders, or nothing. */
function replies(value: Argument | Option): string {
  if (value.parseArg === stackName) return 'words="$(_slipway_stacks)"';
  if (value.argChoices) return `words=${quoted(value.argChoices)}`;
  const shown = "flags" in value ? value.flags : value.name();
  return /folder/.test(shown) ? "files=-d" : /file/.test(shown) ? "files=-f" : ":";
}

const inQuotes = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const quoted = (words: string[]) => inQuotes(words.join(" "));
const anyOf = (texts: string[]) => texts.map(inQuotes).join(" | ");
