import { DescribeEndpointCommand, ListTagsCommand, SageMakerClient } from "@aws-sdk/client-sagemaker";
import { type APIGatewayProxyEvent, type APIGatewayProxyResult } from "aws-lambda";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { originsRule, withCors } from "../shared/cors";
import { readEnvironment, rules } from "../shared/environment";
import { createLog } from "../shared/log";
import { recordSchema } from "../shared/schema";
import { HealthCheck } from "./health";
import { openApiDocument } from "./openapi/document";
import { playground } from "./playground/page";
import { answerSite, document, type SitePorts } from "./site";

/**
 * What the API tells of itself, behind API Gateway (REST, proxy integration): GET /openapi.json, /schema, /health, and
 * the playground at /. The texts are made once, when the function starts.
 */

const { STACK, ENDPOINT_NAME, SUBSCRIPTIONS, ALLOWED_ORIGINS } = readEnvironment({
  STACK: rules.stack,
  ENDPOINT_NAME: rules.endpointName,
  SUBSCRIPTIONS: { pattern: /^(true|false)$/, expected: "true or false" },
  ALLOWED_ORIGINS: originsRule,
});

const sagemaker = new SageMakerClient({
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 1000, requestTimeout: 3000, throwOnRequestTimeout: true },
});

const log = createLog({ stack: STACK, function: "site" });

const health = new HealthCheck(
  {
    now: () => Date.now(),

    async describe() {
      try {
        const found = await sagemaker.send(new DescribeEndpointCommand({ EndpointName: ENDPOINT_NAME }));
        const { EndpointArn = "", EndpointConfigName = "", EndpointStatus = "" } = found;
        const configuration = EndpointArn.replace(/:endpoint\/.*$/, `:endpoint-config/${EndpointConfigName}`);
        return { status: EndpointStatus, configuration };
      } catch (error) {
        if ((error as Error).name.startsWith("Validation")) return undefined; // "Could not find endpoint"
        throw error;
      }
    },

    async releaseOf(configuration) {
      const { Tags = [] } = await sagemaker.send(new ListTagsCommand({ ResourceArn: configuration }));
      return Tags.find(({ Key }) => Key === "Release")?.Value ?? "unknown";
    },
  },
  log,
);

/** Built for browsers from `browser/`, beside this file. */
const built = (file: string) => readFileSync(join(__dirname, "browser", file), "utf8");

async function createPorts(): Promise<SitePorts> {
  const page = await playground(recordSchema, { script: built("main.js"), style: built("main.css") });
  const description = openApiDocument(recordSchema, { subscriptions: SUBSCRIPTIONS === "true" });
  return {
    documents: {
      "/": document("text/html; charset=utf-8", page.html, page.headers),
      "/openapi.json": document("application/json", JSON.stringify(description)),
      "/schema": document("application/schema+json", JSON.stringify(recordSchema)),
    },
    health: () => health.read(),
    log,
  };
}

const ports = createPorts();

export const handler = async (event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> =>
  withCors(event, ALLOWED_ORIGINS, await answerSite(event, await ports));
