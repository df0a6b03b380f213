import { compressedBytes, type Manifest, registryManifest } from "./image";
import { fails, type Finding, holds, info, type Rule } from "./rule";

const shells = /(^|\/)(sh|bash|dash|ash|zsh)$/;

/** Whether an entry point is what Docker makes of the shell form: a shell that is given the command line. */
const isShellForm = ([program = "", option]: string[]) => shells.test(program) && option === "-c";

/** Whether SageMaker takes a manifest: one image, not an index (which attestations make of it, too). */
export function judgeManifest({ mediaType = "", manifests, layers }: Manifest): Finding {
  const isIndex = manifests !== undefined || /index|manifest\.list/.test(mediaType);
  if (isIndex) return fails(`its manifest is an index (${mediaType || "manifests of several images"})`);
  return layers || mediaType
    ? holds(mediaType || "one image manifest")
    : fails("its manifest is of schema 1");
}

/** Rules about the image itself; nothing is run for them. */
export const imageRules: Rule[] = [
  {
    id: "exec-entrypoint",
    part: "image",
    title: "the entry point is in exec form",
    why: "In shell form a shell is process 1: SIGTERM may never reach the program, and 'train' or 'serve' does not either.",
    fix: 'Write ENTRYPOINT as a JSON list: ENTRYPOINT ["python", "-m", "my_model"].',
    check({ image }) {
      const entrypoint = image.Config.Entrypoint ?? [];
      if (isShellForm(entrypoint)) return fails(JSON.stringify(entrypoint));
      if (entrypoint.length) return holds(JSON.stringify(entrypoint));
      return holds("none: 'train' and 'serve' are taken for programs of the image");
    },
  },
  {
    id: "manifest",
    part: "image",
    title: "its manifest is one image, not an index",
    why: "SageMaker refuses indexes, and buildx makes one to add a provenance attestation.",
    fix: "Build with --provenance=false --sbom=false for one platform, and push again.",
    async check({ image }) {
      if (image.Descriptor) return judgeManifest(image.Descriptor);
      const manifest = await registryManifest(image);
      if (manifest) return judgeManifest(manifest);
      return holds("this engine's image store holds no indexes: 'docker push' makes one manifest of it");
    },
  },
  {
    id: "architecture",
    part: "image",
    title: "it is for linux/amd64",
    why: "All instances but the Graviton ones are amd64; another image ends there with 'exec format error'.",
    fix: "Build with --platform linux/amd64.",
    check({ image: { Os, Architecture } }) {
      const platform = `${Os}/${Architecture}`;
      return platform === "linux/amd64" ? holds(platform) : fails(platform);
    },
  },
  {
    id: "size",
    part: "image",
    title: "it is not too large when compressed",
    why: "SageMaker refuses images above its limit, and each new instance waits for the whole image.",
    fix: "Use a slim base image and several stages; leave out build tools, caches, test data and models.",
    async check({ image, limits }) {
      const unpacked = `${(image.Size / 1e9).toFixed(2)} GB unpacked`;
      // Compressing takes longer than all other rules together, and cannot make it larger.
      if (image.Size <= limits.gigabytes * 1e9) return holds(`${unpacked}, so less when compressed`);
      const gigabytes = (await compressedBytes(image, limits.gigabytes * 1e9)) / 1e9;
      const more = `more than the limit of ${limits.gigabytes} GB compressed, ${unpacked}`;
      if (gigabytes > limits.gigabytes) return fails(more);
      return holds(
        `about ${gigabytes.toFixed(2)} GB compressed, ${unpacked}; the limit is ${limits.gigabytes} GB`,
      );
    },
  },
  {
    id: "user",
    part: "image",
    title: "the user that it runs as",
    why: "SageMaker takes both; a user other than root must be able to read /opt/ml/model and to write /opt/ml/output.",
    fix: "Nothing has to be done.",
    check({ image: { Config } }) {
      const user = (Config.User ?? "").split(":")[0]!;
      return info(user === "" || user === "root" || user === "0" ? "runs as root" : `runs as ${user}`);
    },
  },
];
