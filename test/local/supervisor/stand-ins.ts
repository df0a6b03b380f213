import { join } from "node:path";
import { type Service, type ServiceSettings, url } from "../../../local/supervisor/services";

/** Two servers for the supervisor that are quick to start; "cloud" waits for "inbox". */
export function standIns({ home, ports }: ServiceSettings): Service[] {
  return (["inbox", "cloud"] as const).map((name) => ({
    name,
    command: [process.execPath, join(__dirname, "stand-in.mjs"), `${ports[name]}`, home, name],
    env: {},
    healthUrl: `${url(ports[name])}/health`,
    after: name === "cloud" ? ["inbox"] : [],
  }));
}
