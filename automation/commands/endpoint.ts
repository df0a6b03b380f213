import { UserError } from "../errors";
import { type Output } from "../output";
import { exampleRecord, readSchema } from "../project";
import { createClients } from "../release/clients";
import { readServing } from "../release/serving";
import { type Outputs, requireOutputs } from "../outputs";
import { openTarget, type Target } from "../target";

/** `slipway endpoint` */
export async function endpoint(name: string, output: Output): Promise<void> {
  const target = await openTarget(name, output);
  const outputs = await requireOutputs(name, target, output);
  if (!outputs.dataScientistRoleArn) {
    throw new UserError(
      `The stack ${name} has no role for data scientists: it was brought up by an earlier version of this program. ` +
        `Run 'npx slipway up ${name}', then try again.`,
    );
  }
  const serving = await readServing(createClients(target, outputs.region).sagemaker, outputs.endpointName);
  const call = howToCall(outputs, target);
  const found = {
    ...{ stack: name, region: outputs.region, endpoint: outputs.endpointName },
    ...{ roleArn: outputs.dataScientistRoleArn, release: serving?.current.release ?? null, ...call },
  };
  output.answer(
    found,
    `
endpoint  ${found.endpoint} in ${found.region}
release   ${found.release ?? `none yet: the endpoint comes with the first one ('npx slipway release ${name}')`}
role      ${found.roleArn}

With the AWS CLI, in bash:

${call.cli}

With boto3 (pip install boto3):

${call.python}`,
  );
}

/** A shell script and a Python program that assume the role and ask for a prediction; both run as they are. */
export function howToCall(
  { region, endpointName, problem, dataScientistRoleArn: role }: Outputs,
  { laptop }: Pick<Target, "laptop">,
): { cli: string; python: string } {
  const body = JSON.stringify({ instances: [exampleRecord(readSchema(problem))] });
  const sts = laptop ? ` --endpoint-url ${laptop.cloudUrl}` : "";
  const runtime = laptop ? ` --endpoint-url ${laptop.sagemakerUrl}` : "";
  const cli = `export AWS_REGION=${region} AWS_DEFAULT_REGION=${region}
read -r AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN < <(aws sts assume-role${sts} \\
  --role-arn ${role} --role-session-name "\${USER:-me}" \\
  --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' --output text)
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
cat > request.json <<'END'
${body}
END
aws sagemaker-runtime invoke-endpoint${runtime} --endpoint-name ${endpointName} \\
  --content-type application/json --body fileb://request.json answer.json
cat answer.json`;
  const at = (url: string | undefined) => (url ? `, endpoint_url="${url}"` : "");
  const python = `import json
import boto3

role = boto3.client("sts", region_name="${region}"${at(laptop?.cloudUrl)}).assume_role(
    RoleArn="${role}", RoleSessionName="me")["Credentials"]
session = boto3.Session(role["AccessKeyId"], role["SecretAccessKey"], role["SessionToken"], "${region}")
runtime = session.client("sagemaker-runtime"${at(laptop?.sagemakerUrl)})
request = json.loads(r'''${body.replaceAll("'''", "\\u0027\\u0027\\u0027")}''')
answer = runtime.invoke_endpoint(
    EndpointName="${endpointName}", ContentType="application/json", Body=json.dumps(request))
print(answer["Body"].read().decode())`;
  return { cli, python };
}
