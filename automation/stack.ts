import { type EngineEvent, LocalWorkspace, Stack, StackNotFoundError } from "@pulumi/pulumi/automation";
import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { UserError } from "./errors";
import { interruptSignal, interrupted } from "./interrupt";
import { type Output, type Progress } from "./output";
import { findOutputs, type Outputs, readOutputs, requireOutputs } from "./outputs";
import { policyPacks, policyPluginFolder } from "./policy-pack";
import { projectRoot } from "./project";
import { endAbandoned } from "./pulumi-cli/abandoned-lock";
import { inOwnProcessGroup } from "./pulumi-cli/command";
import { cliEnvironment } from "./pulumi-cli/environment";
import { findPulumi } from "./pulumi-cli/find";
import { secretsProvider } from "./stack-config";
import { isShortLived } from "./stack-name";
import { isLaptopStack, type Target } from "./target";

/** How many resources an operation created, updated, deleted or left alone. */
export type Changes = Partial<Record<string, number>>;

/** The stack, made when it is new. */
export async function selectStack(name: string, target: Target, output: Output): Promise<Stack> {
  const opened = workspace(target, output, name);
  void loadProgram().catch(() => undefined); // while the CLI starts; what is wrong with it is said when it runs
  return quick(await Stack.createOrSelect(name, await opened));
}

/** The stack, or undefined when there is none of this name. */
export async function findStack(name: string, target: Target, output: Output): Promise<Stack | undefined> {
  try {
    return quick(await Stack.select(name, await workspace(target, output, name)));
  } catch (error) {
    if (error instanceof StackNotFoundError) return undefined;
    throw error;
  }
}

/**
 * After an operation the Automation API asks for the outputs, masked and plain, and for the history: a second on a laptop. The
 * events have told what is needed of these, but for the outputs, which `up` asks for once.
 */
export const quick = (stack: Stack): Stack =>
  Object.assign(stack, { outputs: () => Promise.resolve({}), info: () => Promise.resolve(undefined) });

/** Brings the stack's resources in line with the program: `pulumi up`. */
export async function up(stack: Stack, output: Output): Promise<{ changes: Changes; outputs: Outputs }> {
  return output.step(`Bringing up the stack ${stack.name}`, async (progress) => {
    const changes = await operate(stack, "up", progress, (options) =>
      stack.up({ ...options, policyPacks: policyPacks(stack.name) }),
    );
    progress.result(describeChanges(changes));
    const { pulumiCommand, envVars } = stack.workspace;
    const outputs = await readOutputs(pulumiCommand.command, stack.name, envVars);
    if (!outputs) throw new Error(`The stack ${stack.name} came up without its outputs`);
    return { changes, outputs };
  });
}

/** What an operation would do: how many resources, and which: `update aws:sagemaker/endpoint:Endpoint endpoint-endpoint`. */
export interface Previewed {
  changes: Changes;
  resources: string[];
}

/** What `up` would do. Changes nothing. */
export async function preview(stack: Stack, output: Output): Promise<Previewed> {
  const { changes, resources } = await plan(stack, output);
  return { changes, resources };
}

/** What `refresh` would do: where the cloud is not as the stack's state has it. Changes nothing. */
export const previewRefresh = (stack: Stack, output: Output): Promise<Previewed> =>
  output.step(`Comparing the stack ${stack.name} with the cloud`, (progress) =>
    look(stack, "refresh", progress, (options) => stack.previewRefresh(options)),
  );

const untouched = ["same", "read", "refresh"];

/** Runs a preview of any kind, and shows each of its events to `see`. */
async function look(
  stack: Stack,
  verb: string,
  progress: Progress,
  work: (options: Options) => Promise<unknown>,
  see: (event: EngineEvent) => void = () => undefined,
): Promise<Previewed> {
  const resources: string[] = [];
  const changes = await operate(stack, verb, progress, (options) =>
    work({
      ...options,
      onEvent: (event) => {
        options.onEvent(event);
        // A refresh knows only afterwards what has become of a resource.
        const { metadata } = (verb === "refresh" ? event.resOutputsEvent : event.resourcePreEvent) ?? {};
        if (metadata && !untouched.includes(metadata.op)) {
          resources.push(`${metadata.op} ${metadata.type} ${metadata.urn.split("::").at(-1)}`);
        }
        see(event);
      },
    }),
  );
  progress.result(describeChanges(changes));
  return { changes, resources };
}

/** What `up` would do, and the stack's resources as they are and as the program would make them. */
export interface Plan extends Previewed {
  before: Resource[];
  after: Resource[];
  /** URNs of those that are in both and would be updated or replaced. */
  changed: string[];
}

/** A resource as Pulumi knows it: of a preview, or of the state. */
export interface Resource {
  urn: string;
  type: string;
  inputs: Record<string, unknown>;
  /** Whether a provider makes it; a component only holds others. */
  custom?: boolean;
  /** URN of the component that it is in. */
  parent?: string;
  /** URNs of the resources whose values it is made with. */
  dependencies?: string[];
}

/**
 * The same, with both ends of it, resource by resource.
 * @param packs the policies that it has to keep.
 * @param file gets the engine's own plan, which knows more than its events tell.
 */
export async function plan(
  stack: Stack,
  output: Output,
  packs = policyPacks(stack.name),
  file?: string,
): Promise<Plan> {
  const before = new Map<string, Resource>();
  const after = new Map<string, Resource>();
  const changed = new Set<string>();
  const previewed = await output.step(`Previewing the stack ${stack.name}`, (progress) =>
    look(
      stack,
      "preview",
      progress,
      (options) => stack.preview({ ...options, policyPacks: packs, ...(file ? { plan: file } : {}) }),
      ({ resourcePreEvent }) => {
        const { op, urn, old, new: made } = resourcePreEvent?.metadata ?? {};
        if (!op || !urn) return;
        if (old) before.set(urn, resourceOf(old));
        if (made && !op.startsWith("delete")) after.set(urn, resourceOf(made));
        if (old && made && !untouched.includes(op)) changed.add(urn);
      },
    ),
  );
  return { ...previewed, before: [...before.values()], after: [...after.values()], changed: [...changed] };
}

/** The resources of a stack's state. */
export async function stateOf(stack: Stack): Promise<Resource[]> {
  const exported = await stack.exportStack();
  const { resources = [] } = exported.deployment as { resources?: (Stored & { dependencies?: string[] })[] };
  return resources
    .filter((stored) => !stored.delete)
    .map((stored) => ({ ...resourceOf(stored), dependencies: stored.dependencies ?? [] }));
}

/** A resource as the engine's events and the state have it. */
interface Stored {
  urn: string;
  type: string;
  custom?: boolean;
  /** Whether it waits to be deleted, after another one has taken its place. */
  delete?: boolean;
  parent?: string;
  inputs?: unknown;
}

const resourceOf = ({ urn, type, custom, parent, inputs }: Stored): Resource => ({
  ...{ urn, type, custom: custom ?? false, ...(parent ? { parent } : {}) },
  inputs: (inputs ?? {}) as Record<string, unknown>,
});

/** Deletes the stack's resources and the stack itself; its configuration file stays, if it is kept in the repository. */
export async function destroy(stack: Stack, output: Output): Promise<Changes> {
  return output.step(`Destroying the stack ${stack.name}`, async (progress) => {
    const changes = await operate(stack, "destroy", progress, (options) => stack.destroy(options));
    await stack.workspace.removeStack(stack.name, { preserveConfig: !isShortLived(stack.name) });
    progress.result(describeChanges(changes));
    return changes;
  });
}

/** A stack as it is, with its outputs: none when it is not (wholly) up. Undefined when there is none of this name. */
export async function findWithOutputs(
  name: string,
  target: Target,
  output: Output,
): Promise<{ stack: Stack; outputs?: Outputs } | undefined> {
  const [outputs, stack] = await Promise.all([
    findOutputs(name, target, output),
    findStack(name, target, output),
  ]);
  return stack && { stack, ...(outputs ? { outputs } : {}) };
}

/** A stack that is up, with its outputs. @throws UserError when it is not. */
export async function requireStack(
  name: string,
  target: Target,
  output: Output,
): Promise<{ stack: Stack; outputs: Outputs }> {
  const [outputs, stack] = await Promise.all([
    requireOutputs(name, target, output),
    findStack(name, target, output),
  ]);
  return { stack: stack!, outputs };
}

/** Changes as people say them: `3 created, 60 unchanged`. */
export function describeChanges(changes: Changes): string {
  const words: Record<string, string> = {
    ...{ create: "created", update: "updated", replace: "replaced", delete: "deleted", same: "unchanged" },
    "create-replacement": "replaced",
  };
  const parts = Object.entries(words).flatMap(([kind, word]) =>
    changes[kind] ? [`${changes[kind]} ${word}`] : [],
  );
  return parts.join(", ") || "nothing to do";
}

/** The project as Pulumi works on it; for a stack that may be new, by its name. */
export async function workspace(target: Target, output: Output, name?: string): Promise<LocalWorkspace> {
  const pulumiCommand = inOwnProcessGroup(await findPulumi(output));
  return LocalWorkspace.create({
    workDir: projectRoot,
    // Of stacks that are made new; one that is there says itself what its secrets are encrypted with.
    ...(target.laptop ? {} : { secretsProvider: secretsProviderOf(name) }),
    pulumiCommand,
    envVars: {
      ...target.environment,
      PATH: [process.env.PATH, policyPluginFolder].join(delimiter),
      ...cliEnvironment,
    },
    program: async () => (await loadProgram()).default(),
  });
}

/** Loaded by those operations that run it: the AWS packages take a second to load. */
const loadProgram = () => import("../index.ts");

/** As the stack's file notes it; the workflows name it for the stacks of pull requests, which have no file yet. */
const secretsProviderOf = (name: string | undefined) =>
  (name === undefined ? undefined : secretsProvider(name)) ?? process.env.SLIPWAY_SECRETS_PROVIDER;

interface Options {
  onEvent: (event: EngineEvent) => void;
  onOutput: (text: string) => void;
  onError: (text: string) => void;
  signal: AbortSignal;
  color: "never";
}

/** For how long an operation waits for another one on the stack, such as what a killed command had begun, to end. */
const lockWaitMs = 60_000;
/** The same for a killed command's operation on the laptop, where none takes long. */
const abandonedWaitMs = 15_000;
const lockPollMs = 1000;

/**
 * Runs one engine operation with progress, and says what has changed; keeps its whole output in a log file, and puts its
 * errors in one paragraph.
 */
async function operate(
  stack: Stack,
  verb: string,
  progress: Progress,
  run: (options: Options) => Promise<unknown>,
): Promise<Changes> {
  const errors: string[] = [];
  const transcript: string[] = [];
  let done = 0;
  let changes: Changes = {};
  const onEvent = ({ resOutputsEvent, diagnosticEvent, policyEvent, summaryEvent }: EngineEvent) => {
    if (summaryEvent) changes = summaryEvent.resourceChanges;
    if (resOutputsEvent) progress.now(`${++done} resources`);
    if (diagnosticEvent?.severity === "error") errors.push(plain(diagnosticEvent.message));
    if (policyEvent?.enforcementLevel === "mandatory")
      errors.push(`Policy ${policyEvent.policyName}: ${plain(policyEvent.message)}`);
  };
  const onOutput = (text: string) => void transcript.push(text);
  const began = Date.now();
  for (;;) {
    try {
      await run({ onEvent, onOutput, onError: onOutput, signal: interruptSignal, color: "never" });
      return changes;
    } catch (error) {
      if (interruptSignal.aborted) throw interrupted();
      const waited = Date.now() - began;
      if (!isLocked(error as Error) || waited > lockWaitMs) {
        const log = writeLog(stack.name, verb, transcript.join(""));
        throw new UserError(explain(stack.name, verb, errors, error as Error, log));
      }
      progress.now("waiting for another operation on the stack to end");
      errors.length = 0;
      if (
        isLaptopStack(stack.name) &&
        (await endAbandoned((error as Error).message, waited < abandonedWaitMs))
      )
        await stack.cancel();
      await sleep(lockPollMs, undefined, { signal: interruptSignal }).catch(() => undefined);
    }
  }
}

const isLocked = ({ message, name }: Error) => /currently locked|ConcurrentUpdate/.test(message + name);

function explain(name: string, verb: string, errors: string[], error: Error, log: string): string {
  if (isLocked(error)) {
    const owner = /created by (.+@.+ \(pid \d+\) at \S+)/.exec(error.message)?.[1];
    return (
      `Another operation on the stack '${name}' is under way, or one was killed and left its lock` +
      `${owner ? `: it was begun by ${owner}` : ""}. Wait for it; when there is none, run 'pulumi cancel --stack ${name}' (for this laptop after 'eval "$(npx slipway local env)"').`
    );
  }
  const what =
    [...new Set(errors)].join(" ").trim() || plain(error.message).split("\n")[0] || "no reason given";
  return `'${verb}' of the stack '${name}' failed: ${what} The whole output is in ${log}. Put it right, then run the same command again.`;
}

/** A message of the engine without colours (`<{%reset%}>`) and the places in the program's code, in one line. */
const plain = (message: string) =>
  stripVTControlCharacters(message.replace(/<\{%[^%]*%\}>/g, ""))
    .replace(/^\s+at .*$/gm, "")
    .replace(/^\s*Unhandled exception: (\w*Error: )?/, "")
    .replace(/\s+/g, " ")
    .trim();

function writeLog(name: string, verb: string, text: string): string {
  const folder = join(projectRoot, ".slipway", "logs");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}-${verb}.log`);
  writeFileSync(file, text);
  return relative(process.cwd(), file);
}
