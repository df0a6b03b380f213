import Module, { createRequire } from "node:module";

/**
 * Keeps packages unloaded until something asks for a part of them: Pulumi loads them for functions that become Lambdas as
 * code, of which Slipway has none. That took 0.8 s of each command. To be imported before Pulumi is.
 */
const { resolve } = createRequire(require.resolve("@pulumi/pulumi/package.json"));

for (const file of [resolve("typescript"), resolve("@npmcli/arborist")]) {
  const unloaded = new Module(file);
  unloaded.loaded = true;
  unloaded.exports = new Proxy(
    {},
    {
      get(_, part) {
        if (part === "__esModule") return true; // asked before any part is: taken as it is then, not copied
        delete require.cache[file];
        return (unloaded.require(file) as Record<PropertyKey, unknown>)[part];
      },
    },
  );
  require.cache[file] = unloaded;
}
