/**
 * A provider plugin for the Pulumi engine (pulumi/pulumi: proto/pulumi/provider.proto), driven by tables of resource
 * types. `@pulumi/pulumi/provider` would do for the protocol, but hides from a provider what this one needs: its own
 * configuration (region, default tags), old inputs, the seed of automatic names, and whether it is a preview.
 */
import {
  credentials,
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { type IResourceProviderServer, ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { type Struct } from "google-protobuf/google/protobuf/struct_pb";
import { Clients, localEndpoint, readSettings, type Settings } from "./clients";
import { describe, initializationFailed, isGone, toStruct } from "./errors";
import * as lifecycle from "./lifecycle";
import { type Autonaming } from "./names";
import { type AnyResourceType, type Call, type State } from "./resource";
import { sameMeaning } from "./equal";
import { isObject, type Properties, withoutNulls } from "./values";

/** A function (`aws.getCallerIdentity`): arguments in, results out. */
export type Invoke = (args: Properties, call: Call) => Promise<Properties>;

/** A plugin: its name, and where its resource types and functions are found. */
export interface Plugin {
  name: string;
  version: string;
  type(token: string): Promise<AnyResourceType | undefined>;
  invoke(token: string): Promise<Invoke | undefined>;
}

/** Serves the plugin to the engine that started this process, until the engine ends it. */
export async function servePlugin(plugin: Plugin, engineAddress = process.argv[2]): Promise<void> {
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(
    ResourceProviderService,
    methods(new Provider(plugin, engineAddress)) as IResourceProviderServer,
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  process.stdout.write(`${port}\n`); // the engine reads it
}

/** The methods in the form that gRPC calls. What is missing here is answered with "unimplemented", as the protocol wants. */
function methods(provider: Provider): Partial<IResourceProviderServer> {
  const unary =
    <Q, A>(handle: (request: Q) => Promise<A>) =>
    (call: ServerUnaryCall<Q, A>, answer: sendUnaryData<A>) => {
      handle(call.request).then(
        (value) => answer(null, value),
        // "Failed precondition" is an error that the engine takes for well understood: nothing was left half-done.
        (error: ServiceError) =>
          answer(error.metadata ? error : { code: status.FAILED_PRECONDITION, details: describe(error) }),
      );
    };
  return {
    getPluginInfo: unary(() => Promise.resolve(new PluginInfo().setVersion(provider.plugin.version))),
    attach: unary(() => Promise.resolve(new Empty())),
    cancel: unary(() => Promise.resolve(new Empty())),
    configure: unary((request: proto.ConfigureRequest) => provider.configure(request)),
    check: unary((request: proto.CheckRequest) => provider.check(request)),
    diff: unary((request: proto.DiffRequest) => provider.diff(request)),
    create: unary((request: proto.CreateRequest) => provider.create(request)),
    read: unary((request: proto.ReadRequest) => provider.read(request)),
    update: unary((request: proto.UpdateRequest) => provider.update(request)),
    delete: unary((request: proto.DeleteRequest) => provider.delete(request)),
    invoke: unary((request: proto.InvokeRequest) => provider.invoke(request)),
  };
}

/** One call's view of the provider, and what the call says about its progress. */
interface Session extends Call {
  createdId?: string;
}

class Provider {
  private settings: Settings = readSettings({});
  private clients = new Clients(this.settings);
  private account: Promise<string> | undefined;
  private engine: EngineClient | undefined;

  constructor(
    readonly plugin: Plugin,
    private readonly engineAddress: string | undefined,
  ) {}

  async configure(request: proto.ConfigureRequest): Promise<proto.ConfigureResponse> {
    if (this.plugin.name === "aws") this.settings = readSettings(plain(request.getArgs()));
    this.clients = new Clients(this.settings);
    const answer = new proto.ConfigureResponse();
    answer.setSupportspreview(true);
    // Secrets come as plain values, and the engine marks outputs of the same name; references come as ids.
    answer.setAcceptsecrets(false);
    answer.setAcceptresources(false);
    answer.setAcceptoutputs(false);
    answer.setSupportsAutonamingConfiguration(true);
    return Promise.resolve(answer);
  }

  async check(request: proto.CheckRequest): Promise<proto.CheckResponse> {
    const token = tokenOf(request.getUrn());
    const type = await this.typeOf(token);
    const { inputs, failures } = lifecycle.check(type, {
      token,
      logicalName: request.getUrn().split("::").at(-1)!,
      news: plain(request.getNews()),
      olds: plain(request.getOlds()),
      seed: request.getRandomseed_asU8(),
      autonaming: autonamingOf(request),
    });
    const completed = failures.length === 0 && type.prepare ? await type.prepare(inputs as never) : inputs;
    const answer = new proto.CheckResponse().setInputs(toStruct(completed));
    for (const { property, reason } of failures) {
      answer.addFailures(new proto.CheckFailure().setProperty(property).setReason(reason));
    }
    return answer;
  }

  async diff(request: proto.DiffRequest): Promise<proto.DiffResponse> {
    const type = await this.typeOf(tokenOf(request.getUrn()));
    const news = plain(request.getNews());
    const { changes, replaces, deleteBeforeReplace } = lifecycle.diff(type, {
      oldInputs: plain(request.getOldInputs()),
      oldState: plain(request.getOlds()),
      news,
      tagsAll: this.allTags(news),
    });
    const { DIFF_SOME, DIFF_NONE } = proto.DiffResponse.DiffChanges;
    return new proto.DiffResponse()
      .setChanges(changes.length > 0 ? DIFF_SOME : DIFF_NONE)
      .setDiffsList(changes)
      .setReplacesList(replaces)
      .setDeletebeforereplace(deleteBeforeReplace);
  }

  async create(request: proto.CreateRequest): Promise<proto.CreateResponse> {
    const urn = request.getUrn();
    const type = await this.typeOf(tokenOf(urn));
    const inputs = plain(request.getProperties());
    const tagsAll = this.allTags(inputs);
    const answer = new proto.CreateResponse();
    if (request.getPreview())
      return answer.setProperties(toStruct(lifecycle.previewCreate(type, inputs, tagsAll)));
    const call = this.session(urn, inputs);
    const asked = { ...lifecycle.afterUpdate(type, {}, inputs, tagsAll), region: call.region };
    try {
      const id = await type.create(asked as never, call);
      call.created(id);
      const live = await this.mustRead(type, { ...asked, id }, call);
      return answer.setId(id).setProperties(toStruct(lifecycle.settle(type, asked, live)));
    } catch (error) {
      const reason = `creating ${tokenOf(urn)}: ${describe(error)}`;
      if (call.createdId === undefined) throw new Error(reason, { cause: error });
      const state = { ...asked, [lifecycle.incompleteKey]: true };
      throw initializationFailed(call.createdId, state, inputs, reason) as Error;
    }
  }

  async read(request: proto.ReadRequest): Promise<proto.ReadResponse> {
    const urn = request.getUrn();
    const type = await this.typeOf(tokenOf(urn));
    const oldInputs = plain(request.getInputs());
    const oldState = plain(request.getProperties());
    const isImport = Object.keys(oldState).length === 0;
    const imported = (isImport && type.fromImportId?.(request.getId())) || {};
    const id = typeof imported.id === "string" ? imported.id : request.getId();
    const call = this.session(urn, { ...oldInputs, ...oldState });
    const known = { region: call.region, tagsAll: {}, ...oldState, ...imported, id };
    const live = await readOrGone(type, known, call);
    const answer = new proto.ReadResponse();
    if (!live) return answer; // no id: it is gone
    const inputs = lifecycle.inputsAfterRead(type, {
      ...{
        oldInputs,
        oldState,
        live: { ...imported, id: undefined, ...live },
        defaultTags: this.settings.defaultTags,
      },
    });
    const state: Properties = lifecycle.settle(type, lifecycle.afterUpdate(type, known, inputs, {}), live);
    return answer
      .setId(typeof live.id === "string" ? live.id : id)
      .setProperties(toStruct({ ...state, id: undefined }))
      .setInputs(toStruct(inputs));
  }

  async update(request: proto.UpdateRequest): Promise<proto.UpdateResponse> {
    const urn = request.getUrn();
    const type = await this.typeOf(tokenOf(urn));
    const news = plain(request.getNews());
    const was = plain(request.getOlds());
    const tagsAll = this.allTags(news);
    const answer = new proto.UpdateResponse();
    if (request.getPreview()) {
      return answer.setProperties(toStruct(lifecycle.previewUpdate(type, was, news, tagsAll)));
    }
    const id = request.getId();
    const call = this.session(urn, { ...was, ...news });
    try {
      const isIncomplete = lifecycle.incompleteKey in was;
      const known = isIncomplete ? { ...was, ...(await this.mustRead(type, { ...was, id }, call)) } : was;
      const asked = { region: call.region, ...lifecycle.afterUpdate(type, known, news, tagsAll) };
      const rules = lifecycle.rulesOf(type);
      const before: Properties = { ...plain(request.getOldInputs()), tagsAll: was.tagsAll };
      const after: Properties = { ...news, tagsAll };
      call.changed = (...names) =>
        names.some((name) =>
          isIncomplete
            ? before[name] !== undefined || after[name] !== undefined
            : !sameMeaning(before[name], after[name], rules[name]),
        );
      await type.update?.({ ...asked, id } as never, call, { ...known, id } as never);
      const live = await this.mustRead(type, { ...asked, id }, call);
      return answer.setProperties(toStruct(lifecycle.settle(type, asked, live)));
    } catch (error) {
      throw new Error(`updating ${tokenOf(urn)} '${id}': ${describe(error)}`, { cause: error });
    }
  }

  async delete(request: proto.DeleteRequest): Promise<Empty> {
    const urn = request.getUrn();
    const type = await this.typeOf(tokenOf(urn));
    const state = plain(request.getProperties());
    const call = this.session(urn, state);
    const known = { region: call.region, tagsAll: {}, ...state, id: request.getId() };
    await type.delete(known as never, call).catch((error: unknown) => {
      if (isGone(error)) return;
      throw new Error(`deleting ${tokenOf(urn)} '${request.getId()}': ${describe(error)}`, { cause: error });
    });
    return new Empty();
  }

  async invoke(request: proto.InvokeRequest): Promise<proto.InvokeResponse> {
    const token = request.getTok();
    const invoke = await this.plugin.invoke(token);
    if (!invoke)
      throw new Error(
        `The laptop target does not know the function ${token}. Add it to local/providers, or do without it on this stack.`,
      );
    const args = plain(request.getArgs());
    return new proto.InvokeResponse().setReturn(toStruct(await invoke(args, this.session("", args))));
  }

  private allTags(inputs: Properties): unknown {
    return lifecycle.allTags(this.settings.defaultTags, inputs.tags);
  }

  private async typeOf(token: string): Promise<AnyResourceType> {
    const type = await this.plugin.type(token);
    if (type) return type;
    throw new Error(
      `The laptop target does not know the resource type ${token}. Add it to local/providers, or leave the resource out on this stack.`,
    );
  }

  private async mustRead(type: AnyResourceType, state: Properties, call: Session): Promise<Properties> {
    const live = await readOrGone(type, state, call);
    if (!live)
      throw new Error(`'${String(state.id)}' is not there any more. Run 'pulumi refresh', then try again.`);
    return live;
  }

  private session(urn: string, properties: Properties): Session {
    const region = typeof properties.region === "string" ? properties.region : this.settings.region;
    const session: Session = {
      region,
      get endpoint() {
        return localEndpoint();
      },
      client: (type) => this.clients.get(type, region),
      accountId: () => (this.account ??= this.askAccountId()),
      created: (id) => (session.createdId = id),
      changed: () => true,
      status: (message) => this.log(urn, message),
    };
    return session;
  }

  private async askAccountId(): Promise<string> {
    const { GetCallerIdentityCommand, STSClient } = await import("@aws-sdk/client-sts");
    return (await this.clients.get(STSClient).send(new GetCallerIdentityCommand({}))).Account ?? "";
  }

  private log(urn: string, message: string): void {
    if (!this.engineAddress) return;
    this.engine ??= new EngineClient(this.engineAddress, credentials.createInsecure());
    const line = new LogRequest()
      .setUrn(urn)
      .setSeverity(LogSeverity.INFO)
      .setMessage(message)
      .setEphemeral(true);
    this.engine.log(line, () => undefined); // progress only: an engine that is not listening loses nothing
  }
}

async function readOrGone(
  type: AnyResourceType,
  state: Properties,
  call: Call,
): Promise<Properties | undefined> {
  const live = await type.read(state as State<Properties>, call).catch((error: unknown) => {
    if (isGone(error)) return undefined;
    throw error;
  });
  return live && { region: call.region, ...live };
}

function plain(struct: Struct | undefined): Properties {
  const properties = struct?.toJavaScript();
  return isObject(properties) ? withoutNulls(properties) : {};
}

/** What the project's `pulumi:autonaming` makes of this resource's name, when it says anything. */
function autonamingOf(request: proto.CheckRequest): Autonaming | undefined {
  const options = request.getAutonaming();
  if (!options) return undefined;
  const modes = ["propose", "enforce", "disable"] as const; // by number in the protocol
  return { proposedName: options.getProposedName(), mode: modes[options.getMode()] };
}

/** `aws:s3/bucket:Bucket` of `urn:pulumi:dev::app::slipway:data:DataBucket$aws:s3/bucket:Bucket::data`. */
const tokenOf = (urn: string) => urn.split("::")[2]!.split("$").at(-1)!;
