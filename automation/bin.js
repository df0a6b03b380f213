#!/usr/bin/env node
// Starts the slipway command: checks what must be true before TypeScript can be loaded, then loads it. 'npm ci' links it where
// npx looks first (package.json, prepare). As the package's own "bin", npx would install the project into its cache each time.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `Slipway needs Node.js 20.19 or newer; this is ${process.versions.node}. ` +
      "Install a newer one (https://nodejs.org, or 'nvm install'), then run the command again.",
  );
  process.exit(1);
}
try {
  require.resolve("esbuild");
} catch {
  console.error(
    "Slipway's packages are not installed. Run 'make setup' in the project folder, then try again.",
  );
  process.exit(1);
}
// The Node.js version is checked above; the AWS SDK need not warn of its own plans at every command.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
require("../register");
require("./lazy-packages.ts");
require("./main.ts").main();
