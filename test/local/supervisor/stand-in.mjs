// A server that stands in for one of the laptop target's: `stand-in.mjs PORT HOME [NAME]`.
// GET /health, GET /pids (its own, and that of a process which left its group). With a file HOME/NAME.broken it ends
// at once, with HOME/NAME.slow it never becomes healthy.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const [port, home, name] = process.argv.slice(2);
console.log(`stand-in ${name} begins`);
if (existsSync(join(home, `${name}.broken`))) {
  console.error(`stand-in ${name} is broken`);
  process.exit(3);
}
const runaway = spawn("sleep", ["300"], { detached: true, stdio: "ignore" });
createServer((request, response) => {
  if (existsSync(join(home, `${name}.slow`))) response.writeHead(503);
  response.end(request.url === "/pids" ? JSON.stringify([process.pid, runaway.pid]) : "{}");
}).listen(Number(port), "127.0.0.1");
