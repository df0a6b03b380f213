import { type EngineEvent, type OpType, type Stack } from "@pulumi/pulumi/automation";
import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quick } from "../../../../automation/stack";
import permissions from "../../../../terraform-bootstrap/permissions.json";
import { requirePostgres } from "../../postgres";
import { startCloud, type TestCloud } from "../cloud";
import { testStack } from "../stack";
import { type Existing, program } from "./program";
import { type World } from "./world";

const first: World = { changed: false, replaced: false };
const changed: World = { changed: true, replaced: false };
const last: World = { changed: true, replaced: true };
/** As `last`, with the values that an update may change as they were first. */
const undone: World = { changed: false, replaced: true };

/** The types that Slipway declares, as a test of its program makes sure. */
const declaredTypes = permissions.flatMap(({ types }) => types);

/** What the engine does to a resource, in the order of this test. */
type Operation = "create" | "update" | "replace" | "import" | "drift" | "repair" | "delete" | "delete-gone";

const because = (reason: string, ...operations: Operation[]) =>
  Object.fromEntries(operations.map((operation) => [operation, reason]));

const neverReplaced = because("no property makes another resource", "replace");
const onlyReplaced = because("each property makes another resource", "update", "drift", "repair");
const component = because(
  "a component: its parts are here, and other tests of this folder make it",
  ...(["create", "update", "replace", "import", "drift", "repair", "delete", "delete-gone"] as const),
);

/** What is not done to a type, and why. */
const exceptions: Record<string, Partial<Record<Operation, string>>> = {
  "aws:apigateway/account:Account": neverReplaced,
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": onlyReplaced,
  "aws:apigateway/restApi:RestApi": neverReplaced,
  "aws:apigateway/usagePlan:UsagePlan": neverReplaced,
  "aws:apigateway/usagePlanKey:UsagePlanKey": onlyReplaced,
  "aws:cloudwatch/logStream:LogStream": onlyReplaced,
  "aws:cloudwatch/queryDefinition:QueryDefinition": neverReplaced,
  "aws:ec2/routeTableAssociation:RouteTableAssociation": onlyReplaced,
  "aws:ecr/lifecyclePolicy:LifecyclePolicy": onlyReplaced,
  "aws:lambda/permission:Permission": onlyReplaced,
  "aws:secretsmanager/secretVersion:SecretVersion": onlyReplaced,
  "docker:index/image:Image": {
    ...neverReplaced,
    ...because("the real provider imports none", "import"),
    ...because("nobody changes an image: another one is pushed", "drift", "repair"),
  },
  "awsx:ec2:Vpc": component,
  "awsx:ecr:Repository": component,
};

describe("conformance of the laptop's plugins, with a second stack that changes things behind the first's back", function () {
  this.timeout(300_000);
  const home = mkdtempSync(join(tmpdir(), "slipway-conformance-"));
  let cloud: TestCloud;
  let stack: Stack;
  let twin: Stack;

  before(async function () {
    requirePostgres(this);
    cloud = await startCloud(home, "sagemaker", "redshift");
    const stacks = [await stackNamed("first"), await stackNamed("second")];
    if (!stacks[0] || !stacks[1]) return this.skip(); // this machine has no Pulumi CLI
    [stack, twin] = stacks.map((each) => quick(each!)) as [Stack, Stack];
  });
  after(async () => {
    await cloud?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  const stackNamed = (name: string) => testStack(name, () => Promise.resolve(), cloud, home, "home");

  /** The types of which a resource went through an operation. */
  const met = new Map<Operation, Set<string>>();

  /** Runs a command of the engine, and keeps the types to which it did each of `operations`, by the engine's names. */
  async function run(
    which: Stack,
    command: "up" | "refresh" | "destroy",
    world: World,
    operations: Partial<Record<OpType, Operation>>,
    existing?: Existing[],
  ): Promise<void> {
    which.workspace.program = () => {
      program(world, existing);
      return Promise.resolve();
    };
    const onEvent = ({ resOutputsEvent }: EngineEvent) => {
      const { op, type } = resOutputsEvent?.metadata ?? {};
      const operation = op && operations[op];
      if (operation && type && !type.startsWith("pulumi:"))
        met.set(operation, (met.get(operation) ?? new Set()).add(type));
    };
    await which[command]({ onEvent });
  }

  /** Expects that a resource of each type went through an operation, other than those that cannot. */
  function expectAll(operation: Operation): void {
    const all = new Set([...declaredTypes, ...(met.get("create") ?? [])]);
    const missing = [...all].filter((type) => !met.get(operation)?.has(type));
    const expected = Object.entries(exceptions).filter(([, reasons]) => operation in reasons);
    expect(missing).to.have.members(expected.map(([type]) => type));
  }

  it("makes one of each type that the program declares, and finds them unchanged", async () => {
    await run(stack, "up", first, { create: "create" });
    expectAll("create");
    await stack.preview({ refresh: true, expectNoChanges: true });
  });

  it("updates in place what the real provider updates, and the cloud has it", async () => {
    await run(stack, "up", changed, { update: "update" });
    expectAll("update");
    await stack.preview({ refresh: true, expectNoChanges: true });
  });

  it("replaces what the real provider replaces", async () => {
    await run(stack, "up", last, { replace: "replace" });
    expectAll("replace");
    await stack.preview({ refresh: true, expectNoChanges: true });
  });

  it("imports what is there, by the id that the documentation says", async () => {
    const { resources } = (await stack.exportStack()).deployment as { resources: Existing[] };
    await run(twin, "up", last, { import: "import" }, resources);
    expectAll("import");
  });

  it("sees what was changed behind its back, and puts it right", async () => {
    await run(twin, "up", undone, {});
    await run(stack, "refresh", last, { update: "drift" });
    expectAll("drift");
    await run(stack, "up", last, { update: "repair" });
    expectAll("repair");
    await stack.preview({ refresh: true, expectNoChanges: true });
  });

  it("deletes everything, and what is gone already", async () => {
    await run(twin, "destroy", undone, { delete: "delete" });
    expectAll("delete");
    await run(stack, "destroy", last, { delete: "delete-gone" });
    expectAll("delete-gone");
  });
});
