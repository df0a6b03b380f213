/** What the endpoint has answered. */
export interface ModelAnswer {
  body: string;
  /** As the container sent them: `release=<id>`. */
  customAttributes?: string | undefined;
}

/** What stands for the release of a container that does not name it. */
export const unknownRelease = "unknown";

/** The release that has answered, by what the container says beside its answer. */
export const releaseOf = ({ customAttributes = "" }: ModelAnswer): string =>
  /(?:^|[;,\s])release=([^;,\s]+)/.exec(customAttributes)?.[1] ?? unknownRelease;
