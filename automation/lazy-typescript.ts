import Module from "node:module";

/**
 * Keeps the TypeScript compiler unloaded until something asks for a part of it. Pulumi loads it for functions that become
 * Lambdas as code, of which Slipway has none: half a second of each command. To be imported before Pulumi is.
 */
const file = require.resolve("typescript");
const compiler = new Module(file);
compiler.loaded = true;
compiler.exports = new Proxy(
  {},
  {
    get(_, part) {
      delete require.cache[file];
      return (compiler.require(file) as Record<PropertyKey, unknown>)[part];
    },
  },
);
require.cache[file] = compiler;
