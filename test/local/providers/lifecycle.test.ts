import { expect } from "chai";
import { findType } from "../../../local/providers/aws/types";
import { sameMeaning } from "../../../local/providers/shared/equal";
import {
  allTags,
  check,
  diff,
  inputsAfterRead,
  previewCreate,
  settle,
} from "../../../local/providers/shared/lifecycle";
import { autoName, type Autonaming, proposedName } from "../../../local/providers/shared/names";
import { type AnyResourceType, resource } from "../../../local/providers/shared/resource";
import { secret, unknownValue } from "../../../local/providers/shared/values";

interface Args {
  name?: string;
  namePrefix?: string;
  kind?: string;
  size?: number;
  policy?: unknown;
  subnets?: string[];
  version?: string;
  password?: string;
  tags?: Record<string, string>;
}

const type = resource<Args>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 20 } },
    namePrefix: { replaces: true },
    kind: { required: true, replaces: true },
    size: { default: 3 },
    policy: { json: "policy" },
    subnets: { set: true },
    version: { computed: true },
    password: { secret: true },
    tags: {},
  },
  outputs: ["url"],
  create: () => Promise.resolve("id"),
  read: () => Promise.resolve(undefined),
  delete: () => Promise.resolve(),
});

const seed = (byte: number) => new Uint8Array([byte]);
const checked = (news: object, olds?: object, byte = 1, autonaming?: Autonaming) =>
  check(type, {
    token: "test:index:Thing",
    logicalName: "thing",
    news: { ...news },
    olds: { ...olds },
    seed: seed(byte),
    autonaming,
  });
const compare = (oldInputs: object, news: object) =>
  diff(type, { oldInputs: { ...oldInputs }, oldState: { tagsAll: {} }, news: { ...news }, tagsAll: {} });

describe("plugin machinery", () => {
  describe("automatic names", () => {
    it("are as the project's pulumi:autonaming says, and stay when it changes", () => {
      const named = (mode: Autonaming["mode"], proposedName: string, news: object = {}, olds?: object) =>
        checked({ kind: "a", ...news }, olds, 1, { mode, proposedName });
      const { inputs } = named("propose", "app-dev-thing-0a1b2c");
      expect(inputs.name).to.equal("app-dev-thing-0a1b2c");
      expect(named("propose", "app-main-thing-9f8e7d", {}, inputs).inputs.name).to.equal(inputs.name);
      expect(
        named("propose", "app-dev-thing-0a1b2c", {}, { name: "thing-1", __defaults: ["name"] }).inputs.name,
      ).to.equal("thing-1");
      expect(named("propose", "app-dev-thing-0a1b2c", { name: "mine" }).inputs.name).to.equal("mine");
      expect(named("propose", "app-dev-thing-0a1b2c", { namePrefix: "mine-" }).inputs.name).to.match(
        /^mine-[0-9a-f]{7}$/,
      );
      expect(named("enforce", "A-Name-Longer-Than-The-Rule-Takes").inputs.name).to.equal(
        "A-Name-Longer-Than-The-Rule-Takes",
      );
    });

    it("that AWS would not take are refused, as those that the project has switched off", () => {
      const refused = (mode: Autonaming["mode"], proposedName: string) =>
        checked({ kind: "a" }, undefined, 1, { mode, proposedName }).failures;
      const [long] = refused("propose", "app-pr-12-thing-0a1b2");
      expect(long?.property).to.equal("name");
      expect(long?.reason).to.contain("'app-pr-12-thing-0a1b2' has 21 characters, and AWS takes 20: shorten");
      expect(refused("disable", "")[0]?.reason).to.contain("give the resource a name");
    });

    it("get what the type wants around them", () => {
      const rule = {
        maxLength: 40,
        lowercase: true,
        prefix: "alias/",
        suffix: { text: ".fifo", when: "fifo" },
      };
      const name = proposedName(rule, { mode: "propose", proposedName: "App-dev-thing" }, { fifo: true });
      expect(name).to.deep.equal({ name: "alias/app-dev-thing.fifo" });
    });

    it("are the logical name and seven hex digits, the same for the same seed", () => {
      const name = autoName({ maxLength: 63 }, { logicalName: "data" }, seed(1));
      expect(name).to.match(/^data-[0-9a-f]{7}$/);
      expect(autoName({ maxLength: 63 }, { logicalName: "data" }, seed(1))).to.equal(name);
      expect(autoName({ maxLength: 63 }, { logicalName: "data" }, seed(2))).not.to.equal(name);
    });

    it("fit the limit, prefix and suffix included", () => {
      const rule = {
        maxLength: 20,
        prefix: "alias/",
        suffix: { text: ".fifo", when: "fifo" },
        lowercase: true,
      };
      const name = autoName(rule, { logicalName: "AVeryLongLogicalName" }, seed(1), { fifo: true });
      expect(name)
        .to.match(/^alias\/av[0-9a-f]{7}\.fifo$/)
        .and.to.have.length(20);
    });

    it("stay on an update, and start with a given prefix", () => {
      const first = checked({ kind: "a" }).inputs;
      expect(checked({ kind: "a" }, first, 2).inputs.name).to.equal(first.name);
      expect(checked({ kind: "a", namePrefix: "my-" }, first, 2).inputs.name).to.match(/^my-[0-9a-f]{7}$/);
    });

    it("replace a name that the program no longer gives", () => {
      const named = checked({ kind: "a", name: "mine" }).inputs;
      expect(checked({ kind: "a" }, named).inputs.name).to.match(/^thing-/);
    });
  });

  describe("check", () => {
    it("names what is missing and what is not supported", () => {
      const { failures } = checked({ color: "red" });
      expect(failures.map(({ property }) => property).sort()).to.deep.equal(["color", "kind"]);
      expect(failures.find(({ property }) => property === "color")?.reason).to.contain(
        "'color' of test:index:Thing",
      );
    });

    it("fills in defaults, and turns a document into text", () => {
      const { inputs } = checked({ kind: "a", policy: { Version: "2012-10-17" } });
      expect(inputs.size).to.equal(3);
      expect(inputs.policy).to.equal('{"Version":"2012-10-17"}');
    });

    it("takes unknown values for values", () => {
      const { inputs, failures } = checked({ kind: unknownValue, policy: { Resource: unknownValue } });
      expect(failures).to.deep.equal([]);
      expect(inputs.policy).to.equal(unknownValue);
    });
  });

  describe("diff", () => {
    it("says what changed, and what of it needs a new resource", () => {
      expect(compare({ kind: "a", size: 1 }, { kind: "a", size: 2 })).to.include({
        deleteBeforeReplace: false,
      });
      expect(compare({ kind: "a", size: 1 }, { kind: "a", size: 2 }).changes).to.deep.equal(["size"]);
      expect(compare({ kind: "a" }, { kind: "b" }).replaces).to.deep.equal(["kind"]);
      expect(compare({ kind: "a" }, { kind: unknownValue }).replaces).to.deep.equal(["kind"]);
    });

    it("deletes first only what keeps a name that the program gave", () => {
      const fixed = checked({ kind: "a", name: "mine" }).inputs;
      expect(compare(fixed, { ...fixed, kind: "b" }).deleteBeforeReplace).to.equal(true);
      const automatic = checked({ kind: "a" }).inputs;
      expect(compare(automatic, { ...automatic, kind: "b" }).deleteBeforeReplace).to.equal(false);
    });

    it("leaves a value alone that AWS chose", () => {
      expect(compare({ kind: "a", version: "7" }, { kind: "a" }).changes).to.deep.equal([]);
    });

    it("notices default tags of the provider", () => {
      const tagsAll = allTags({ stage: "dev" }, { owner: "me" });
      const request = {
        oldInputs: { kind: "a" },
        oldState: { tagsAll: { owner: "me" } },
        news: { kind: "a" },
        tagsAll,
      };
      expect(diff(type, request).changes).to.deep.equal(["tags"]);
      expect(diff(type, { ...request, oldState: { tagsAll } }).changes).to.deep.equal([]);
    });
  });

  describe("meaning", () => {
    const policy = (statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [statement] });

    it("ignores how a policy is written", () => {
      const a = policy({ Effect: "Allow", Action: ["s3:GetObject", "s3:PutObject"], Resource: "*" });
      const b = `{ "Statement": { "Resource": ["*"], "Action": ["s3:PutObject", "s3:GetObject"], "Effect": "Allow" }, "Version": "2012-10-17" }`;
      expect(sameMeaning(a, b, { json: "policy" })).to.equal(true);
      const c = policy({ Effect: "Allow", Action: "s3:GetObject", Resource: "*" });
      expect(sameMeaning(a, c, { json: "policy" })).to.equal(false);
    });

    it("minds the order of a list, but not of a set", () => {
      expect(sameMeaning(["a", "b"], ["b", "a"])).to.equal(false);
      expect(sameMeaning(["a", "b"], ["b", "a"], { set: true })).to.equal(true);
    });

    it("takes nothing and empty for the same, but not zero", () => {
      for (const empty of [undefined, "", false, [], {}, { inner: [] }])
        expect(sameMeaning(undefined, empty)).to.equal(true);
      expect(sameMeaning(undefined, 0)).to.equal(false);
    });
  });

  describe("state", () => {
    it("holds what was asked for where AWS says the same in other words", () => {
      const asked = { kind: "a", policy: '{ "Version": "2012-10-17" }', size: 3 };
      const state = settle(type, asked, { policy: '{"Version":"2012-10-17"}', size: 4, url: "http://x" });
      expect(state).to.deep.equal({
        kind: "a",
        policy: '{ "Version": "2012-10-17" }',
        size: 4,
        url: "http://x",
      });
    });

    it("marks secrets", () => {
      expect(settle(type, { password: "hidden" }, {}).password).to.deep.equal(secret("hidden"));
    });

    it("is unknown in a preview where only AWS can say", () => {
      const preview = previewCreate(type, { kind: "a", name: "mine" }, { stage: "dev" });
      expect(preview).to.include({
        kind: "a",
        name: "mine",
        url: unknownValue,
        arn: unknownValue,
        version: unknownValue,
      });
    });
  });

  describe("refresh", () => {
    const read = (oldInputs: object, oldState: object, live: object) =>
      inputsAfterRead(type, {
        ...{
          oldInputs: { ...oldInputs },
          oldState: { ...oldState },
          live: { ...live },
          defaultTags: { stage: "dev" },
        },
      });

    it("keeps inputs that are still true, also when AWS had put them otherwise", () => {
      const inputs = { kind: "a", subnets: ["b"] };
      expect(
        read(inputs, { kind: "a", subnets: ["b", "aws-own"] }, { subnets: ["b", "aws-own"] }),
      ).to.deep.equal(inputs);
    });

    it("shows what was changed, added and removed behind the program's back", () => {
      const oldInputs = { kind: "a", size: 3, policy: "{}", tags: { owner: "me" } };
      const live = {
        size: 9,
        policy: undefined,
        subnets: ["new"],
        tagsAll: { stage: "dev", owner: "me", extra: "1" },
      };
      const expected = { kind: "a", size: 9, subnets: ["new"], tags: { owner: "me", extra: "1" } };
      expect(read(oldInputs, { ...oldInputs, policy: '{"a":1}' }, live)).to.deep.equal(expected);
    });

    it("does not take AWS's own choices and the default tags for drift", () => {
      expect(read({ kind: "a" }, { kind: "a" }, { version: "7", tagsAll: { stage: "dev" } })).to.deep.equal({
        kind: "a",
      });
    });
  });

  it("knows types by their token", async () => {
    expect(await findType("aws:sqs/queue:Queue")).not.to.equal(undefined);
    expect(await findType("aws:sqs/nothing:Nothing")).to.equal(undefined);
    expect(await findType("aws:unheard/of:Of")).to.equal(undefined);
  });

  it("replaces a parameter only when its tier goes down", async () => {
    const parameter = (await findType("aws:ssm/parameter:Parameter")) as AnyResourceType;
    const replaces = (was: string, now: string) =>
      diff(parameter, { oldInputs: { tier: was }, oldState: {}, news: { tier: now }, tagsAll: undefined })
        .replaces;
    expect(replaces("Advanced", "Standard")).to.deep.equal(["tier"]);
    expect(replaces("Standard", "Advanced")).to.deep.equal([]);
  });
});
