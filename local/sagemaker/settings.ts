import type { Executor } from "../state";

/** How this server was started. */
export interface Settings {
  /** Folder of all laptop state; this server keeps to `<home>/sagemaker`, and reads `<home>/images`. */
  home: string;
  cloudUrl: string;
  region: string;
  accountId: string;
  executor: Executor;
  /** botocore's data folder. */
  serviceModels: string;
}
