/** How this server was started. */
export interface Settings {
  /** Folder of all laptop state; this server keeps to `<home>/redshift`. */
  home: string;
  cloudUrl: string;
  region: string;
  accountId: string;
  /** botocore's data folder. */
  serviceModels?: string;
}
