import { expect } from "chai";
import { type Architecture, architecture } from "../../../automation/diagram/draw";
import { changeOf } from "../../../automation/diagram/graph";
import { type Resource } from "../../../automation/stack";
import { component, resource, small, smallStack } from "./fixture";
import { allSwitchedOn, programResources } from "./program";

const arrows = ({ edges }: Architecture) => edges.map(({ from, to, what }) => `${from} -> ${to}: ${what}`);
const node = ({ nodes }: Architecture, name: string) => nodes.find((each) => each.name === name)!;

describe("the graph of an architecture picture", function () {
  this.timeout(120_000);

  describe("of the program with all that can be switched on", () => {
    let resources: Resource[];
    let found: Architecture;
    before(async () => {
      resources = await programResources("dev", allSwitchedOn);
      found = architecture("dev", resources);
    });

    it("has a box for each component, with words of its own, and each is in a flow", () => {
      const isTop = ({ parent = "" }: Resource) => parent.includes("::pulumi:pulumi:Stack::");
      const components = resources.filter((each) => each.custom === false && isTop(each));
      const boxes = found.nodes.flatMap((each) => each.component ?? []);
      expect(boxes).to.have.members(components.map(({ type }) => type));
      for (const { component, what, name, services } of found.nodes.filter((each) => each.component)) {
        expect(what, `say in automation/diagram/components.ts what ${component} is`).not.to.equal(component);
        expect(services, `give a service of ${component} in automation/diagram/services.ts`).not.to.include(
          "other",
        );
        const flows = found.edges.filter(({ from, to }) => from === name || to === name);
        expect(
          flows,
          `say in automation/diagram/flows.ts what flows to or from ${component}`,
        ).not.to.deep.equal([]);
      }
    });

    it("knows what flows between any two that are made with each other", () => {
      const unknown = found.edges.filter((edge) => edge.unknown);
      expect(unknown, "say in automation/diagram/flows.ts what flows between these").to.deep.equal([]);
    });

    it("counts every resource in one box", () => {
      const counted = resources.filter(({ custom }) => custom).length;
      expect(found.resources).to.equal(counted);
      expect(found.nodes.reduce((sum, each) => sum + each.resources, 0)).to.equal(counted);
    });

    it("is the same in whatever order the engine tells of them", () => {
      expect(architecture("dev", resources.toReversed())).to.deep.equal(found);
    });

    it("shows who is outside where there is something for them", () => {
      const outside = found.nodes.filter((each) => !each.component).map(({ name }) => name);
      expect(outside).to.have.members([
        ...["outside-sources", "developers", "public", "data-scientists", "subscribers", "owners"],
      ]);
      expect(arrows(found)).to.include("outside-sources -> sources: new data");
      expect(architecture("dev", smallStack).nodes.filter((each) => !each.component)).to.have.length(1);
      expect(arrows(architecture("dev", smallStack))).to.include("outside-sources -> data: new data");
    });
  });

  it("draws what flows only where the program lets it, and what a release moves between those that are there", () => {
    expect(arrows(architecture("dev", smallStack))).to.deep.equal([
      ...["data -> jobs: snapshots", "jobs -> registry: model", "outside-sources -> data: new data"],
    ]);
    const apart = smallStack.filter(({ urn }) => urn !== small.grant.urn);
    expect(arrows(architecture("dev", apart))).not.to.include("data -> jobs: snapshots");
    const { edges } = architecture("dev", smallStack);
    expect(edges.filter(({ by }) => by === "release").map(({ from }) => from)).to.deep.equal(["jobs"]);
  });

  it("shows the service that a role acts for, though the jobs themselves are no resources", () => {
    expect(node(architecture("dev", smallStack), "jobs").services).to.deep.equal(["sagemaker", "iam"]);
  });

  it("leaves out components that hold nothing, and the engine's own resources", () => {
    const empty = component("slipway:data:Sources", "sources");
    const provider: Resource = { ...component("pulumi:providers:aws", "default"), custom: true };
    expect(architecture("dev", [...smallStack, empty, provider])).to.deep.equal(
      architecture("dev", smallStack),
    );
  });

  it("draws a component that the tables do not know, and resources outside components", () => {
    const store = component("acme:ml:FeatureStore", "features");
    const table = resource(store, "aws:dynamodb/table:Table", "features-table", { madeWith: [small.bucket] });
    const alone: Resource = { ...resource(store, "acme:index:Thing", "thing"), parent: small.data.parent! };
    const found = architecture("dev", [...smallStack, store, table, alone]);
    expect(node(found, "features")).to.include({ title: "Feature store", what: "acme:ml:FeatureStore" });
    expect(found.edges).to.deep.include({ from: "data", to: "features", what: "", unknown: true });
    expect(node(found, "program")).to.deep.include({ resources: 1, services: ["other"] });
  });

  it("tells components of one name apart", () => {
    const other = component("acme:ml:Data", "data");
    const found = architecture("dev", [
      ...smallStack,
      other,
      resource(other, "aws:s3/bucket:Bucket", "other-bucket"),
    ]);
    expect(found.nodes.map(({ name }) => name)).to.include.members([
      ...["slipway:data:DataBucket::data", "acme:ml:Data::data"],
    ]);
    const api = component("slipway:api:PredictionApi", "public");
    const stage = resource(api, "aws:apigateway/stage:Stage", "public-stage");
    const { edges } = architecture("dev", [api, stage]);
    expect(edges).to.deep.equal([
      { from: "public", to: "slipway:api:PredictionApi::public", what: "records", answered: true },
    ]);
  });

  it("has the monthly cost of each, with what is still to come", () => {
    const key = resource(small.data, "aws:kms/key:Key", "data-key");
    const endpoint = component("slipway:model:ModelEndpoint", "endpoint");
    const logs = resource(endpoint, "aws:cloudwatch/logGroup:LogGroup", "endpoint-logs");
    const coming = resource(endpoint, "aws:kms/key:Key", "endpoint-key");
    const found = architecture("dev", [...smallStack, key, endpoint, logs], { coming: [coming] });
    expect(node(found, "data").monthly).to.equal(1);
    expect(node(found, "endpoint")).to.include({ monthly: 1, resources: 1 });
    expect(found.monthly).to.equal(2);
  });

  it("marks what a preview would add, change and remove, with counts, and the flows that come and go", () => {
    const key = resource(small.data, "aws:kms/key:Key", "data-key");
    const isOf = (other: Resource) => (each: Resource) => each.urn === other.urn || each.parent === other.urn;
    const before = smallStack.filter((each) => !isOf(small.registry)(each) && each !== small.grant);
    const after = [...smallStack.filter((each) => each !== small.role), key];
    const changed = [small.bucket.urn];
    const found = architecture("dev", after, { difference: { before, changed } });
    expect(node(found, "data").changes).to.deep.equal({ added: 2, changed: 1 });
    expect(found.changes).to.deep.equal({ added: 3, changed: 1, removed: 1 });
    expect([...found.nodes].map((each) => [each.name, changeOf(each)])).to.have.deep.members([
      ...[
        ["data", "changed"],
        ["jobs", "removed"],
        ["registry", "added"],
        ["outside-sources", undefined],
      ],
    ]);
    const flow = found.edges.find(({ from, to }) => from === "data" && to === "jobs");
    expect(flow?.change).to.equal("added");
    expect(found.edges.find(({ to }) => to === "registry")?.change).to.equal("removed");
    expect(found).to.include({ monthlyBefore: 0, monthly: 1, resources: 4 });
  });

  it("sees a flow end that ends between resources that stay", () => {
    const grant = { ...small.grant, dependencies: [] };
    const after = [...smallStack.filter(({ urn }) => urn !== grant.urn), grant];
    const found = architecture("dev", after, { difference: { before: smallStack, changed: [grant.urn] } });
    expect(found.edges).to.deep.include({ from: "data", to: "jobs", what: "snapshots", change: "removed" });
    expect(found.changes).to.deep.equal({ changed: 1 });
  });

  it("is all added for a stack that is not there, and without marks where nothing would change", () => {
    const fresh = architecture("dev", smallStack, { difference: { before: [], changed: [] } });
    expect(fresh.changes).to.deep.equal({ added: 4 });
    const same = architecture("dev", smallStack, { difference: { before: smallStack, changed: [] } });
    expect(same.changes).to.deep.equal({});
    expect(same.edges.filter(({ change }) => change)).to.deep.equal([]);
  });
});
