import {
  GetRoleCommand,
  IAMClient,
  paginateSimulatePrincipalPolicy,
  type SimulatePrincipalPolicyCommandInput,
} from "@aws-sdk/client-iam";
import pLimit from "p-limit";
import { join } from "node:path";
import { projectRoot, readJson } from "../project";
import { type Finding, unknown } from "./finding";
import { type Place } from "./stack";

/** As in `terraform-bootstrap/permissions.json`: what a deployment does, on what. */
interface Statement {
  sid: string;
  actions: string[];
  resources: string[];
}

const file = "terraform-bootstrap/permissions.json";
/** IAM answers some five simulations a second. */
const atATime = 4;

/**
 * Whether whoever asks may do what a deployment of the stack does. IAM itself decides, by simulation: nothing is done, and
 * what boundaries and organizations forbid counts as well.
 */
export async function checkPermissions(place: Place): Promise<Finding[]> {
  const what = "Permissions";
  const needed = true;
  const fix =
    `Deploy with the role ${place.project}-deploy-${place.stack} of terraform-bootstrap/, or have these actions allowed ` +
    `(${file} has them all)`;
  if (place.caller.endsWith(":root")) {
    const found = "all, as the account's root user";
    const rather = "Deploy as a role or a user: the root user's keys are the account's";
    return [{ what, ok: true, found, needed, fix: rather }];
  }
  try {
    const client = new IAMClient({ region: place.region, retryMode: "adaptive", maxAttempts: 10 });
    const PolicySourceArn = await principal(client, place.caller);
    const limit = pLimit(atATime);
    const statements = readStatements(place);
    const denied = await Promise.all(
      statements.map(async (statement) => {
        const all = statement.resources.map((resource) =>
          limit(() => refused(client, { PolicySourceArn, ...request(statement, resource, place) })),
        );
        return { statement, actions: [...new Set((await Promise.all(all)).flat())] };
      }),
    );
    const findings = denied
      .filter(({ actions }) => actions.length > 0)
      .map(({ statement: { sid, resources }, actions }) => ({
        what: `${what} ${sid}`,
        ok: false,
        found: `no ${actions.join(", ")} on ${resources.join(", ")}`,
        ...{ needed, fix },
      }));
    const count = statements.reduce((sum, { actions }) => sum + actions.length, 0);
    return findings.length ? findings : [{ what, ok: true, found: `all ${count} actions`, needed, fix }];
  } catch (error) {
    const able = `To have them looked at, allow iam:SimulatePrincipalPolicy and iam:GetRole. ${fix}`;
    return [unknown(what, error as Error, able)];
  }
}

function readStatements({ project, stack, region, account, caller }: Place): Statement[] {
  const values: Record<string, string> = {
    project,
    stack,
    region,
    account,
    partition: caller.split(":")[1]!,
  };
  const fill = (text: string) => text.replace(/\{(\w+)\}/g, (all, name: string) => values[name] ?? all);
  return readJson<Statement[]>(join(projectRoot, file)).map((statement) => ({
    ...statement,
    resources: statement.resources.map(fill),
  }));
}

/** @param resource a pattern; what is simulated is one that fits it. */
const request = ({ actions }: Statement, resource: string, { config, project }: Place) => {
  const boundary = config[`${project}:permissionsBoundary`];
  return {
    ActionNames: actions,
    ResourceArns: [resource === "*" ? resource : resource.replaceAll("*", "doctor")],
    ...(typeof boundary === "string" && boundary !== "none"
      ? {
          ContextEntries: [
            {
              ContextKeyName: "iam:PermissionsBoundary",
              ContextKeyType: "string" as const,
              ContextKeyValues: [boundary],
            },
          ],
        }
      : {}),
  };
};

async function refused(client: IAMClient, input: SimulatePrincipalPolicyCommandInput): Promise<string[]> {
  const found: string[] = [];
  for await (const page of paginateSimulatePrincipalPolicy({ client }, input)) {
    for (const { EvalActionName = "", EvalDecision } of page.EvaluationResults ?? [])
      if (EvalDecision !== "allowed") found.push(EvalActionName);
  }
  return found;
}

/** IAM simulates for users and roles; of a role's session its name is known, and its path is not. */
async function principal(client: IAMClient, caller: string): Promise<string> {
  const RoleName = /:assumed-role\/([^/]+)\//.exec(caller)?.[1];
  if (!RoleName) return caller;
  const { Role } = await client.send(new GetRoleCommand({ RoleName }));
  return Role!.Arn!;
}
