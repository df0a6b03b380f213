import ora from "ora";
import pc from "picocolors";
import { type Pace, paceLine, paceWords } from "./pace";

/** How a command talks: answers on stdout (one JSON document with `--json`), progress on stderr. */
export interface Output {
  json: boolean;
  /** Runs one step of long work, showing its title, what it is doing and how long it took. */
  step<T>(title: string, work: (progress: Progress) => Promise<T>): Promise<T>;
  /** A line of progress that stays on the screen. */
  note(line: string): void;
  /** The command's answer: `value` as JSON with `--json`, else `text`. */
  answer(value: unknown, text: string): void;
}

export interface Progress {
  /** Says what the step is doing now and, where something tells, how far it is. */
  now(detail: string, pace?: Pace): void;
  /** Says how the step ended; shown beside its title. */
  result(detail: string): void;
}

const plainHeartbeatMs = 20_000;

export function createOutput(json: boolean): Output {
  return {
    json,
    step: runStep,
    note: (line) => process.stderr.write(`${line}\n`),
    answer: (value, text) => process.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : `${text}\n`),
  };
}

async function runStep<T>(title: string, work: (progress: Progress) => Promise<T>): Promise<T> {
  const began = performance.now();
  const seconds = () => pc.dim(`${((performance.now() - began) / 1000).toFixed(1)} s`);
  let detail = "";
  let pace: Pace | undefined;
  let result = "";
  // The spinner would clear its lines without end in a terminal that says it is 0 columns wide.
  const terminal = process.stderr.isTTY && process.stderr.columns > 0 && !process.env.CI;
  // discardStdin would swallow Ctrl-C for the commands that clean up after it
  const spinner = ora({
    text: title,
    stream: process.stderr,
    isEnabled: terminal,
    isSilent: !terminal,
    color: pc.isColorSupported && "cyan",
    discardStdin: false,
  });
  const show = () => {
    const line = [title, detail && pc.dim(detail), seconds()].filter(Boolean).join(" ");
    spinner.text = pace ? `${line}\n${paceLine(pace)}` : line;
  };
  const say = () => {
    const now = [detail || "still going", pace && paceWords(pace)].filter(Boolean).join(", ");
    if (!terminal) process.stderr.write(`  ${title}: ${now} (${seconds()})\n`);
  };
  const beat = setInterval(terminal ? show : say, terminal ? 500 : plainHeartbeatMs);
  spinner.start();
  const end = (mark: string) => {
    clearInterval(beat);
    spinner.stop();
    process.stderr.write(`${mark} ${title}${result ? `: ${result}` : ""} ${seconds()}\n`);
  };
  try {
    const value = await work({
      now: (text, known) => ((detail = text), (pace = known), show()),
      result: (text) => (result = text),
    });
    end(pc.green("✔"));
    return value;
  } catch (error) {
    end(pc.red("✘"));
    throw error;
  }
}
