import * as pulumi from "@pulumi/pulumi";
import { type ModelEndpoint } from "../endpoint/model-endpoint";
import { LambdaHandler } from "../lambda/lambda-handler";
import { type Context } from "../shared/context";
import { type Route } from "./rest-api";

export interface ApiSiteArgs {
  context: Context;
  endpoint: ModelEndpoint;
  /** Whether the API takes subscriptions from the public, and so describes them. */
  subscriptions: boolean;
  /** Whose pages may read the answers in a browser. */
  allowedOrigins: string[];
  logRetentionDays: number;
}

/** What the API tells of itself without a key: its description, its schema, its health, and the playground. */
export class ApiSite extends pulumi.ComponentResource {
  readonly site: LambdaHandler;
  readonly routes: Route[];

  constructor(name: string, args: ApiSiteArgs, opts?: pulumi.ComponentResourceOptions) {
    super("slipway:api:ApiSite", name, {}, opts);
    const { context, endpoint, subscriptions, allowedOrigins, logRetentionDays } = args;
    this.site = new LambdaHandler(
      name,
      {
        context,
        handler: "site",
        description: "Answers GET /, /openapi.json, /schema and /health",
        environment: {
          STACK: context.stack,
          ENDPOINT_NAME: endpoint.endpointName,
          SUBSCRIPTIONS: `${subscriptions}`,
          ALLOWED_ORIGINS: allowedOrigins.join(","),
        },
        logRetentionDays,
        timeout: 10,
      },
      { parent: this },
    );
    endpoint.grantReadRelease(this.site.grantee);
    this.routes = ["/", "/openapi.json", "/schema", "/health"].map((path) => ({
      method: "GET",
      path,
      handler: this.site,
      apiKeyRequired: false,
    }));
    this.registerOutputs({ functionArn: this.site.function.arn });
  }
}
