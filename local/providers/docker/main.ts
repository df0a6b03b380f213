import { version } from "@pulumi/docker/package.json";
import { servePlugin } from "../shared/server";

void servePlugin({
  name: "docker",
  version,
  type: async (token) =>
    token === "docker:index/image:Image" ? (await import("./image.ts")).image : undefined,
  invoke: () => Promise.resolve(undefined),
});
