import { Argument, type Command } from "commander";
import { completionScript, type Shell, shells } from "../completion/script";

const help = `
To have it in every new shell, run in the project's folder, once:
  $ npx slipway completion bash > ~/.slipway.bash && echo '. ~/.slipway.bash' >> ~/.bashrc
  $ npx slipway completion zsh > ~/.slipway.zsh && echo '. ~/.slipway.zsh' >> ~/.zshrc

Then 'slipway' alone stands for 'npx slipway' in this project, and Tab completes commands, options and stacks.`;

/** The command line, in the user's shell. */
export function addCompletionCommand(program: Command): void {
  program
    .command("completion")
    .description("a script for your shell, after which Tab completes what is typed")
    .addArgument(new Argument("<shell>").choices(shells))
    .addHelpText("after", help)
    .action((shell: Shell) => void process.stdout.write(completionScript(program, shell)));
}
