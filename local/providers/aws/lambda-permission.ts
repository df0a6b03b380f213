import {
  AddPermissionCommand,
  GetPolicyCommand,
  LambdaClient,
  RemovePermissionCommand,
} from "@aws-sdk/client-lambda";
import { type lambda } from "@pulumi/aws";
import { idOf, resource } from "../shared/resource";

interface Statement {
  Sid?: string;
  Action: string;
  Principal: string | { Service?: string; AWS?: string };
  Condition?: Record<string, Record<string, string>>;
}

/** Value of a condition key in a statement, whatever the operator and the key's case. */
function condition({ Condition = {} }: Statement, key: string): string | undefined {
  const entries = Object.values(Condition).flatMap((keys) => Object.entries(keys));
  return entries.find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
}

export const permission = resource<lambda.PermissionArgs>({
  inputs: {
    action: { required: true, replaces: true },
    function: { required: true, replaces: true },
    principal: { required: true, replaces: true },
    qualifier: { replaces: true },
    sourceAccount: { replaces: true },
    sourceArn: { replaces: true },
    principalOrgId: { replaces: true },
    eventSourceToken: { replaces: true },
    statementId: { replaces: true, autoName: { maxLength: 100 } },
    statementIdPrefix: { replaces: true },
  },
  fromImportId(id) {
    const [name, statementId] = id.split("/");
    const [functionName, qualifier] = name!.split(":");
    return { function: functionName, qualifier, statementId, id: statementId! };
  },
  async create(inputs, call) {
    await call.client(LambdaClient).send(
      new AddPermissionCommand({
        ...{
          FunctionName: idOf(inputs.function),
          StatementId: inputs.statementId,
          Action: inputs.action,
        },
        ...{ Principal: inputs.principal, SourceArn: inputs.sourceArn, SourceAccount: inputs.sourceAccount },
        ...{
          Qualifier: inputs.qualifier,
          PrincipalOrgID: inputs.principalOrgId,
          EventSourceToken: inputs.eventSourceToken,
        },
      }),
    );
    return inputs.statementId!;
  },
  async read(state, call) {
    const where = { FunctionName: idOf(state.function), Qualifier: state.qualifier };
    const { Policy = "{}" } = await call.client(LambdaClient).send(new GetPolicyCommand(where));
    const { Statement = [] } = JSON.parse(Policy) as { Statement?: Statement[] };
    const found = Statement.find(({ Sid }) => Sid === state.id);
    if (!found) return undefined;
    const { Principal } = found;
    const principal = typeof Principal === "string" ? Principal : (Principal.Service ?? Principal.AWS);
    // An account id is kept as the ARN of its root.
    const isSame = principal === `arn:aws:iam::${state.principal}:root`;
    return {
      ...{
        function: state.function,
        qualifier: state.qualifier,
        statementId: state.id,
        action: found.Action,
      },
      ...{ principal: isSame ? state.principal : principal, sourceArn: condition(found, "AWS:SourceArn") },
      sourceAccount: condition(found, "AWS:SourceAccount"),
    };
  },
  async delete(state, call) {
    const where = { FunctionName: idOf(state.function), Qualifier: state.qualifier };
    await call.client(LambdaClient).send(new RemovePermissionCommand({ ...where, StatementId: state.id }));
  },
});
