import { type Unwrap } from "@pulumi/pulumi";
import { type AutoName } from "./names";
import { type Properties } from "./values";

/** How one settable property of a resource type behaves. */
export interface Rule {
  required?: true;
  /** A change makes a new resource (`ForceNew` in the real provider). */
  replaces?: true | ((was: unknown, now: unknown) => boolean);
  /** Used when the program gives no value. */
  default?: unknown;
  autoName?: AutoName;
  /** A JSON text, compared by meaning; "policy" also by what IAM takes for the same. An object becomes a text. */
  json?: true | "policy";
  /** A list without order. */
  set?: true;
  /** AWS fills in a value when the program gives none: a value found there is no drift. */
  computed?: true;
  /** AWS may undo a change without an error: what is there is compared with the program, not what was asked for. */
  live?: true;
  /** Hidden in the state and in output, whatever the program says. */
  secret?: true;
}

/** Arguments of an SDK resource (`aws.s3.BucketArgs`), as the plugin receives them. */
export type Inputs<Args> = { [K in keyof Args]: Unwrap<Args[K]> };

/** A resource as the state knows it: inputs and the outputs that most types have. */
export type State<Args> = Inputs<Args> & {
  id: string;
  arn: string;
  region: string;
  /** The resource's tags and the provider's default tags together. */
  tagsAll: Record<string, string>;
};

/**
 * One resource type. `create` and `update` make the calls; what the resource is afterwards is always asked of the
 * service by `read`, so that the state holds what is there. Each call may be repeated after a failure in its middle.
 */
export interface ResourceType<Args> {
  inputs: { [K in keyof Args]?: Rule };
  /** Outputs that are no inputs. */
  outputs?: readonly string[];
  /** Outputs that an update may change: unknown in its preview. */
  volatile?: readonly string[];
  /** What an import id says (`pulumi import`), and the id that the resource has then. */
  fromImportId?(id: string): { id?: string } & Properties;
  /** Completes inputs in a way that the rules cannot say, before they are compared. May meet unknown values. */
  prepare?(inputs: Inputs<Args>): Promise<Properties>;
  /** @returns the id. Say `call.created(id)` as soon as the resource exists, when more calls follow. */
  create(inputs: Inputs<Args> & Pick<State<Args>, "tagsAll">, call: Call): Promise<string>;
  /**
   * What is there now: a value, or undefined, for each property that can be read; `id` where an import id does not say
   * it. Undefined when the resource is gone.
   */
  read(state: State<Args>, call: Call): Promise<Properties | undefined>;
  update?(now: State<Args>, call: Call, was: State<Args>): Promise<void>;
  /** A resource that is gone already may be reported by the service's own error. */
  delete(state: State<Args>, call: Call): Promise<void>;
}

/** A type whose arguments no longer matter, as the machinery handles it. */
export type AnyResourceType = ResourceType<Properties>;

/** Declares a resource type with the arguments of its SDK class, so that the compiler checks the property names. */
export function resource<Args>(type: ResourceType<Args>): AnyResourceType {
  return type as unknown as AnyResourceType;
}

/** Constructor of an AWS SDK client. */
export type ClientClass<C> = new (config: ClientSettings) => C;
export interface ClientSettings {
  region: string;
  endpoint: string;
  maxAttempts: number;
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  forcePathStyle?: boolean;
}

/** What a resource type needs from the plugin while it handles one request. */
export interface Call {
  readonly region: string;
  /** Address of the local cloud. */
  readonly endpoint: string;
  /** Client of the right region, made once. */
  client<C>(type: ClientClass<C>): C;
  accountId(): Promise<string>;
  /** From here on a failure leaves a resource behind, which the state must know. */
  created(id: string): void;
  /** In an update: does this property need to be written again? */
  changed(...properties: string[]): boolean;
  /** A line in the engine's output that the next one replaces. */
  status(message: string): void;
}

/** An argument that the SDK types as a text or a resource arrives as the resource's id. */
export const idOf = (value: unknown) => value as string;
