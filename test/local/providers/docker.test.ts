import { expect } from "chai";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { lifecycleDocument } from "../../../local/providers/awsx/lifecycle";
import { buildContext, contextDigest, contextFiles } from "../../../local/providers/docker/context";
import { runSettings } from "../../../local/providers/docker/dockerfile";
import { archiveBytes } from "../../../local/providers/shared/assets";
import { localEndpoint } from "../../../local/providers/shared/clients";

describe("image of a build context", () => {
  let folder: string;
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "slipway-context-"));
    mkdirSync(join(folder, "model/__pycache__"), { recursive: true });
    write("Dockerfile", 'FROM scratch\nENTRYPOINT ["run"]\n');
    write(".dockerignore", "**/__pycache__\n*.md\n!KEEP.md\n");
    write("model/app.py", "1");
    write("model/__pycache__/app.pyc", "x");
    write("README.md", "x");
    write("KEEP.md", "x");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("has what .dockerignore leaves in it", () => {
    expect(contextFiles(buildContext(folder))).to.deep.equal([
      ".dockerignore",
      "Dockerfile",
      "KEEP.md",
      "model/app.py",
    ]);
  });

  it("has another digest when a content, a mode, a name or the Dockerfile changes, and else the same", () => {
    const digest = () => contextDigest(buildContext(folder), []);
    const seen = [digest()];
    const changed = () => {
      expect(seen).not.to.include(digest());
      seen.push(digest());
    };
    write("README.md", "ignored");
    expect(digest()).to.equal(seen[0]);
    write("model/app.py", "2");
    changed();
    chmodSync(join(folder, "model/app.py"), 0o755);
    changed();
    write("model/new.py", "");
    changed();
    write("Dockerfile", 'FROM scratch\nENTRYPOINT ["run", "fast"]\n');
    changed();
  });

  it("needs a Dockerfile, and says where it looked", () => {
    expect(() => buildContext(folder, "Dockerfile")).to.throw(/no Dockerfile at Dockerfile.*Did you mean/);
    rmSync(join(folder, "Dockerfile"));
    expect(() => buildContext(folder)).to.throw(`There is no Dockerfile at ${folder}`);
  });
});

describe("Dockerfile", () => {
  it("gives ENTRYPOINT and ENV of the last stage, with arguments filled in", () => {
    const text = [
      "ARG BASE=python:3.11",
      "FROM ${BASE} AS build",
      "ENV TOOL=gcc",
      "FROM ${BASE} AS base",
      "ARG FLAVOUR=plain",
      'ENV FLAVOUR=${FLAVOUR} GREETING="hello world"',
      "FROM base",
      "ENV PATH=/opt/bin:$FLAVOUR",
      'ENTRYPOINT ["python", "-m", "model"]',
    ].join("\n");
    const env = { FLAVOUR: "rich", GREETING: "hello world", PATH: "/opt/bin:rich" };
    expect(runSettings(text, { FLAVOUR: "rich" })).to.deep.equal({
      entrypoint: ["python", "-m", "model"],
      env,
    });
    expect(() => runSettings(text, {}, "build")).to.throw("has no ENTRYPOINT");
  });

  it("refuses a shell-form ENTRYPOINT, since SIGTERM would not reach the program", () => {
    expect(() => runSettings("FROM scratch\nENTRYPOINT python -m model")).to.throw(
      "shell form (python -m model)",
    );
  });
});

describe("lifecycle policy of awsx", () => {
  it("keeps one untagged image when nothing is said", () => {
    const selection = { tagStatus: "untagged", countType: "imageCountMoreThan", countNumber: 1 };
    expect(lifecycleDocument().rules).to.have.length(1);
    expect(lifecycleDocument().rules[0]).to.deep.include({ rulePriority: 1, selection });
  });

  it("puts the rule for any image last, and refuses two of them", () => {
    const any = { tagStatus: "any", maximumNumberOfImages: 5 };
    const { rules } = lifecycleDocument([any, { tagStatus: "untagged", maximumAgeLimit: 7 }]);
    expect(rules.map(({ selection }) => selection.tagStatus)).to.deep.equal(["untagged", "any"]);
    expect(() => lifecycleDocument([any, any])).to.throw("not 2");
    expect(() => lifecycleDocument([{ tagStatus: "tagged", maximumAgeLimit: 7 }])).to.throw("tagPrefixList");
  });
});

describe("archive of Lambda code", () => {
  const archive = (assets: object) => ({
    "4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7",
    assets,
  });
  const text = (content: string) => ({
    "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17",
    text: content,
  });

  it("holds the files under their names, and is the same each time", async () => {
    const value = archive({ "index.js": text("main"), lib: archive({ "a.js": text("a") }) });
    const zip = await archiveBytes(value);
    const files = unzipSync(zip);
    expect(Object.keys(files)).to.deep.equal(["index.js", "lib/a.js"]);
    expect(new TextDecoder().decode(files["lib/a.js"])).to.equal("a");
    expect(await archiveBytes(value)).to.deep.equal(zip);
  });
});

describe("address of the local cloud", () => {
  it("is one of this machine, or nothing is called", () => {
    expect(localEndpoint("S3", { AWS_ENDPOINT_URL: "http://127.0.0.1:1" })).to.equal("http://127.0.0.1:1");
    const own = { AWS_ENDPOINT_URL: "http://localhost:1", AWS_ENDPOINT_URL_SAGEMAKER: "http://[::1]:2" };
    expect(localEndpoint("SageMaker", own)).to.equal("http://[::1]:2");
    expect(() => localEndpoint("S3", {})).to.throw("started without AWS_ENDPOINT_URL");
    for (const url of [
      "https://s3.amazonaws.com",
      "http://127.0.0.1.example.com",
      "http://10.0.0.1:4566",
      "nonsense",
    ]) {
      expect(() => localEndpoint("S3", { AWS_ENDPOINT_URL: url })).to.throw(`AWS_ENDPOINT_URL is '${url}'`);
    }
    const stray = { AWS_ENDPOINT_URL: "http://localhost:1", AWS_ENDPOINT_URL_S3: "https://s3.amazonaws.com" };
    expect(() => localEndpoint("S3", stray)).to.throw("AWS_ENDPOINT_URL_S3 is");
  });
});
