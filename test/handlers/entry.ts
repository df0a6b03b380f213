import { join } from "node:path";

const credentials = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_REGION: "us-east-1" };

function replaceEnvironment(environment: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, environment);
}

/** Puts process.env back after each test of the suite that calls this. */
export function inEnvironment(): void {
  let before: NodeJS.ProcessEnv;
  beforeEach(() => {
    before = { ...process.env };
  });
  afterEach(() => replaceEnvironment(before));
}

/** handlers/<name>/index.ts loaded anew, as a Lambda that starts in `environment` and nothing else. */
export function loadEntry<Entry>(name: string, environment: Record<string, string>): Entry {
  const file = require.resolve(join(__dirname, "../../handlers", name, "index.ts"));
  Reflect.deleteProperty(require.cache, file);
  replaceEnvironment({ ...credentials, ...environment });
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an entry reads its settings when it is loaded
  return require(file) as Entry;
}
