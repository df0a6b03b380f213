import { findOutputs } from "../outputs";
import { stateVersion } from "../pulumi-cli/kept-outputs";
import { type Output } from "../output";
import { playgroundUrl } from "../prediction";
import { exampleRecord, readSchema, target as targetOf } from "../project";
import { type Clients, createClients } from "../release/clients";
import { findStack, type Resource, stateOf } from "../stack";
import { type Target } from "../target";
import { AlarmsReader } from "./readers/alarms";
import { costOf } from "./readers/cost";
import { DataReader } from "./readers/data";
import { EndpointReader } from "./readers/endpoint";
import { JobsReader } from "./readers/jobs";
import { readMessages } from "./readers/messages";
import { readMonitor } from "./readers/monitor";
import { drawPictures } from "./readers/pictures";
import { readReleases } from "./readers/releases";
import { TrafficReader } from "./readers/traffic";
import { type StackSection } from "./sections";
import { type Sources } from "./watch";
import { NotUp, type World } from "./world";

/** A stack that may not be up yet, as the console asks for it. */
export class LookedAt {
  private clients: Clients | undefined;
  private readonly readOutputs: () => ReturnType<typeof findOutputs>;
  /** As the stack's state has them; none while there is no such stack. */
  readonly resources: () => Promise<Resource[]>;

  constructor(
    readonly stack: string,
    readonly target: Target,
    output: Output,
  ) {
    // Each is a start of the Pulumi CLI. In AWS the state's version would be one as well, so time stands for it.
    const home = target.environment.SLIPWAY_LOCAL_HOME;
    const version = home ? () => stateVersion(home, stack) : Date.now;
    const ms = home ? 2_000 : 60_000;
    this.readOutputs = kept(ms, version, () => findOutputs(stack, target, output));
    this.resources = kept(ms, version, async () => {
      const found = await findStack(stack, target, output);
      return found ? stateOf(found) : [];
    });
  }

  /** @throws NotUp while the stack is not up. */
  async world(): Promise<World> {
    const outputs = await this.readOutputs();
    if (!outputs) throw new NotUp(this.stack);
    this.clients ??= createClients(this.target, outputs.region);
    return { stack: this.stack, target: this.target, clients: this.clients, outputs };
  }
}

/** `read`, whose answer counts for `ms`, and then for as long as `version` says the same; a failure for `ms`. */
export function kept<T>(ms: number, version: () => unknown, read: () => Promise<T>): () => Promise<T> {
  let last: { at: number; version: unknown; answer: Promise<T> } | undefined;
  return () => {
    const isOld = !last || (Date.now() - last.at > ms && version() !== last.version);
    if (isOld) {
      const asked = { at: Date.now(), version: version(), answer: read() };
      asked.answer.catch(() => (asked.version = undefined));
      last = asked;
    }
    return last!.answer;
  };
}

/** How each section of a stack is read. AWS is asked less often than a laptop: its calls are counted. */
export function sourcesOf(lookedAt: LookedAt): Sources {
  const [often, seldom] = lookedAt.target.laptop ? [2, 5] : [5, 30];
  const alarms = new AlarmsReader(lookedAt.resources);
  const data = new DataReader();
  const jobs = new JobsReader();
  const endpoint = new EndpointReader();
  const traffic = new TrafficReader();
  const from =
    <T>(read: (world: World) => Promise<T> | T) =>
    async () =>
      read(await lookedAt.world());
  return {
    stack: { seconds: seldom, read: from(describeStack) },
    data: { seconds: often, read: from((world) => data.read(world)) },
    jobs: { seconds: often, read: from((world) => jobs.read(world)) },
    releases: { seconds: seldom, read: from(readReleases) },
    endpoint: { seconds: often, read: from((world) => endpoint.read(world)) },
    traffic: { seconds: often, read: from((world) => traffic.read(world)) },
    messages: { seconds: often, read: from(readMessages) },
    alarms: { seconds: seldom, read: from((world) => alarms.read(world)) },
    // Each metric that AWS is asked for costs something, and the monitor looks once an hour.
    monitor: { seconds: lookedAt.target.laptop ? often : 300, read: from((world) => readMonitor(world)) },
    // What the stack consists of is changed by commands, not by itself.
    cost: { seconds: 300, read: from(async () => costOf(await lookedAt.resources())) },
    pictures: {
      seconds: 300,
      read: from(async ({ stack }) => drawPictures(stack, await lookedAt.resources())),
    },
  };
}

function describeStack({ stack, outputs, target: { laptop } }: World): StackSection {
  const schema = readSchema(outputs.problem);
  const { name, unit } = targetOf(schema);
  return {
    name: stack,
    region: laptop ? "this laptop" : outputs.region,
    playgroundUrl: playgroundUrl(outputs.predictionUrl),
    inboxUrl: laptop?.inboxUrl ?? null,
    example: laptop ? JSON.stringify(exampleRecord(schema), null, 2) : null,
    target: { name, unit },
  };
}
