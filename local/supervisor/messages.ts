import { type Service, type ServiceSettings } from "./services";

/** What the supervisor is to do. */
export interface Assignment {
  settings: ServiceSettings;
  services: Service[];
}

/** How the start went; no error: everything is ready. */
export interface Outcome {
  error?: string;
}

export interface ServiceStatus {
  name: string;
  /** starting, running, not answering, restarting, failed (given up on) or stopped. */
  status: string;
  pid?: number;
  restarts: number;
  /** Why it was restarted or given up on, the last time. */
  problem?: string;
  logFile: string;
  url: string;
}

/** What the supervisor says of itself. */
export interface LocalStatus {
  pid: number;
  home: string;
  services: ServiceStatus[];
}
