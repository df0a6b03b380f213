import { expect } from "chai";
import { create } from "xmlbuilder2";
import { architecture, drawArchitecture, views } from "../../../automation/diagram/draw";
import { type Box, layOut, type Point } from "../../../automation/diagram/layout";
import { type Resource } from "../../../automation/stack";
import { component, resource, small, smallStack } from "./fixture";
import { allSwitchedOn, programResources } from "./program";

/** An element, as far as these tests look at it. */
interface Part {
  nodeType: number;
  tagName: string;
  textContent: string;
  childNodes: Iterable<Part>;
  getAttribute(name: string): string | null;
}

const elementType = 1;
const inside = ({ childNodes }: Part) => [...childNodes].filter(({ nodeType }) => nodeType === elementType);

/** The elements of a drawn picture, whatever they are in. @throws when it is no XML. */
function elements(svg: string): Part[] {
  const below = (part: Part): Part[] => [part, ...inside(part).flatMap(below)];
  return below(create(svg).root().node as unknown as Part);
}

const values = (all: Part[], attribute: string) => all.flatMap((each) => each.getAttribute(attribute) ?? []);

describe("the drawing of an architecture picture", function () {
  this.timeout(120_000);
  let resources: Resource[];
  before(async () => {
    resources = await programResources("dev", allSwitchedOn);
  });

  for (const view of views) {
    it(`${view}: has an element for each node and edge, which pages can find, with words for who hears it`, async () => {
      const found = architecture("dev", resources);
      const all = elements(await drawArchitecture(found, { view }));
      const [svg] = all;
      expect(svg!.getAttribute("role")).to.equal("img");
      const ids = values(all, "id");
      for (const id of svg!.getAttribute("aria-labelledby")!.split(" ")) expect(ids).to.include(id);
      expect(new Set(ids).size).to.equal(ids.length);
      const parts = all.filter((each) => each.getAttribute("data-name") ?? each.getAttribute("data-from"));
      for (const part of parts) expect(inside(part)[0]!.tagName).to.equal("title");
      expect(values(all, "data-name")).to.have.members(found.nodes.map(({ name }) => name));
      expect(values(all, "data-component")).to.include("slipway:model:ModelEndpoint");
      const ends = parts.map((part) => [part.getAttribute("data-from"), part.getAttribute("data-to")]);
      expect(ends.filter(([from]) => from)).to.have.deep.members(
        found.edges.map(({ from, to }) => [from, to]),
      );
    });

    it(`${view}: has no script, nothing from elsewhere, no account, no ARN and no secret`, async () => {
      const secret = resource(small.data, "aws:secretsmanager/secret:Secret", "data-password", {
        inputs: { value: "hunter2", policy: "arn:aws:s3:::private" },
      });
      const svg = await drawArchitecture(architecture("dev", [...resources, ...smallStack, secret]), {
        view,
      });
      const outside = svg.replace('xmlns="http://www.w3.org/2000/svg"', "");
      expect(
        outside.match(/<script|<image|<use|<foreignObject|\shref=|url\(|@import|\son\w+=|https?:/gi),
      ).to.equal(null);
      expect(svg.match(/hunter2|arn:|\d{12}/g)).to.equal(null);
    });

    it(`${view}: is light, and dark where the system is; without variables it is light`, async () => {
      const svg = await drawArchitecture(architecture("dev", smallStack), { view });
      expect(svg.includes("prefers-color-scheme:dark")).to.equal(true);
      const used = new Set([...svg.matchAll(/var\(--([\w-]+)\)/g)].map(([, name]) => name!));
      const [light = "", dark = ""] = [...svg.matchAll(/\{(--[^}]*)\}/g)].map(([, body]) => body!);
      for (const name of used) {
        const [, color = ""] = new RegExp(`--${name}:(#\\w+)`).exec(light) ?? [];
        expect(color, `${name} of the light theme`).to.match(/^#/);
        expect(dark, `${name} of the dark theme`).to.match(new RegExp(`--${name}:#`));
        expect(svg.includes(`:${color};`), `${color} without variables`).to.equal(true);
      }
      expect(used.size).to.be.greaterThan(20);
    });

    it(`${view}: escapes what the program calls its components, and cuts what is too long`, async () => {
      const odd = component("acme:ml:ThingWithANameThatIsLongerThanAnyBoxCouldEverBe", `<b>&"'</b>`);
      const found = architecture("dev", [odd, resource(odd, "aws:s3/bucket:Bucket", "bucket")]);
      const svg = await drawArchitecture(found, { view });
      expect(svg.includes("<b>")).to.equal(false);
      const all = elements(svg);
      expect(values(all, "data-name")).to.deep.equal([`<b>&"'</b>`]);
      const texts = all.filter(({ tagName }) => tagName === "text").map(({ textContent }) => textContent);
      expect(texts.some((text) => /^Thing with a.*…$/.test(text))).to.equal(true);
    });

    it(`${view}: marks a difference by colour and by sign, with counts`, async () => {
      const key = resource(small.data, "aws:kms/key:Key", "data-key");
      const gone = component("acme:ml:Gone", "gone");
      const before = [...smallStack, gone, resource(gone, "aws:s3/bucket:Bucket", "gone-bucket")];
      const difference = { before, changed: [small.bucket.urn] };
      const svg = await drawArchitecture(architecture("dev", [...smallStack, key], { difference }), { view });
      const all = elements(svg);
      const of = (name: string) => all.find((each) => each.getAttribute("data-name") === name)!;
      expect(of("data").textContent).to.include("+1 ~1");
      expect(of("data").getAttribute("class")).to.equal("node data changed");
      expect(of("gone").textContent).to.include("-1");
      expect(of("gone").getAttribute("class")).to.equal("node own removed");
      expect(of("registry").getAttribute("class")).to.equal("node unchanged");
      expect(svg.includes(".node.changed .card")).to.equal(true);
      expect(svg.includes("+1 ~1 -1 · then 5 resources")).to.equal(true);
    });
  }

  it("puts no box over another, and leads no arrow through a box", async () => {
    const { nodes, edges } = await layOut(architecture("dev", resources));
    const within = (a: Box, b: Box) =>
      a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
    for (const a of nodes)
      for (const b of nodes)
        if (a !== b) expect(within(a, b), `${a.node.name} and ${b.node.name}`).to.equal(false);
    for (const { edge, points } of edges) {
      for (const box of nodes) {
        const through = segments(points).some((segment) => within(segment, inner(box)));
        expect(through, `${edge.from} to ${edge.to} through ${box.node.name}`).to.equal(false);
      }
    }
    const labels = edges.flatMap(({ label }) => label ?? []);
    for (const label of labels) for (const box of nodes) expect(within(label, box)).to.equal(false);
    for (const a of labels) for (const b of labels) if (a !== b) expect(within(a, b)).to.equal(false);
  });

  it("draws a prism the higher the more resources are in it", async () => {
    const tall = Array.from({ length: 30 }, (_, index) =>
      resource(small.registry, "aws:s3/bucket:Bucket", `b-${index}`),
    );
    const heightOf = async (all: Resource[]) => {
      const svg = elements(await drawArchitecture(architecture("dev", all), { view: "isometric" }));
      const node = svg.find((each) => each.getAttribute("data-name") === "registry")!;
      const faces = inside(node).filter((each) => each.getAttribute("class") === "face");
      const front = faces[3]!.getAttribute("d")!; // after the three of its tile; from below to above
      const heights = front.split("L").map((point) => Number.parseFloat(point.split(",")[1]!));
      return heights[0]! - heights[3]!;
    };
    const low = await heightOf(smallStack);
    expect(low).to.be.greaterThan(5);
    expect(await heightOf([...smallStack, ...tall])).to.be.greaterThan(2 * low);
  });
});

/** The stretches of a line, as boxes without width or height. */
const segments = (points: Point[]): Box[] =>
  points.slice(1).map((end, index) => {
    const start = points[index]!;
    return {
      ...{ x: Math.min(start.x, end.x), y: Math.min(start.y, end.y) },
      ...{ width: Math.abs(end.x - start.x), height: Math.abs(end.y - start.y) },
    };
  });

/** Without its border, where arrows end. */
const inner = ({ x, y, width, height }: Box): Box => ({
  x: x + 1,
  y: y + 1,
  width: width - 2,
  height: height - 2,
});
