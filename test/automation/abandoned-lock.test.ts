import { expect } from "chai";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { hostname } from "node:os";
import { endAbandoned } from "../../automation/pulumi-cli/abandoned-lock";

describe("the lock of a killed command", () => {
  const started: ChildProcess[] = [];
  let program: Server;

  before(async () => {
    program = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    await once(program, "listening");
  });
  after(() => {
    started.forEach((child) => child.kill("SIGKILL"));
    program.close();
  });

  /** A process that looks like an engine whose program is to be had at this port. */
  function engine(port: number): ChildProcess {
    const args = ["-e", "setInterval(() => {}, 1000)", "--", "pulumi", "up", `--client=127.0.0.1:${port}`];
    const child = spawn(process.execPath, args, { stdio: "ignore" });
    started.push(child);
    return child;
  }
  const livePort = () => (program.address() as AddressInfo).port;
  async function closedPort(): Promise<number> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
  const locked = (pid: number | undefined, host = hostname()) =>
    `error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with \`pulumi cancel\`.\n  file:///home/ana/.pulumi/locks/organization/slipway/local/1.json: created by ana@${host} (pid ${pid}) at 2026-11-29T08:00:24Z`;

  it("is nobody's when the process has ended", async () => {
    const child = engine(livePort());
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await endAbandoned(locked(child.pid), true)).to.equal(true);
  });

  it("is its engine's for a while, which is then ended", async () => {
    const child = engine(await closedPort());
    expect(await endAbandoned(locked(child.pid), true)).to.equal(false);
    expect(child.exitCode ?? child.signalCode).to.equal(null);
    const exit = once(child, "exit");
    expect(await endAbandoned(locked(child.pid), false)).to.equal(true);
    expect((await exit)[1]).to.equal("SIGKILL");
  });

  it("is left to an engine whose program runs, to one on another machine, and to others than the CLI's", async () => {
    const child = engine(livePort());
    expect(await endAbandoned(locked(child.pid), false)).to.equal(false);
    expect(await endAbandoned(locked(child.pid, "elsewhere"), false)).to.equal(false);
    expect(await endAbandoned("error: ConcurrentUpdate", false)).to.equal(false);
    expect(child.exitCode ?? child.signalCode).to.equal(null);
  });
});
