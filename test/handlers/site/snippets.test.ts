import { expect } from "chai";
import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../../automation/run";
import { type Language, snippet } from "../../../handlers/site/playground/snippets";

const python = join(__dirname, "..", "..", "..", ".venv", "bin", "python");

/** What each language has to quote. */
const record = {
  text: 'it\'s "quoted" \\ $HOME `date` é\n',
  nothing: null,
  yes: true,
  number: -1.5e-7,
};

const programs: Record<Language, (code: string) => [string, string[]]> = {
  curl: (code) => ["bash", ["-c", code.replace("curl ", "curl -s ")]],
  typescript: (code) => [process.execPath, ["--input-type=module", "-e", code]],
  python: (code) => [existsSync(python) ? python : "python3", ["-c", code]],
};

describe("the request as code", () => {
  let server: Server;
  let url: string;

  before(async () => {
    server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const { "x-api-key": key, "content-type": type } = request.headers;
        const body = JSON.parse(Buffer.concat(parts).toString()) as unknown;
        const same = JSON.stringify(body) === JSON.stringify(record);
        response.end(JSON.stringify([request.method, key, type, same]));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/predict`;
  });
  after(() => server.close());

  for (const language of ["curl", "typescript", "python"] as const) {
    it(`sends the same request in ${language}, and the key from the environment`, async () => {
      const [program, args] = programs[language](snippet(language, { url, record }));
      const { stdout, stderr, code } = await run(program, args, { env: { ...process.env, API_KEY: "k-1" } });
      expect(code, stderr).to.equal(0);
      expect(stdout.replaceAll(/[\s'"]/g, "").toLowerCase()).to.equal("[post,k-1,application/json,true]");
    });
  }
});
