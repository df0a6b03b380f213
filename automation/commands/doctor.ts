import { type Finding } from "../doctor/finding";
import { checkMachine } from "../doctor/machine";
import { checkStack } from "../doctor/stack";
import { UserError } from "../errors";
import { type Output } from "../output";
import { isLaptopStack } from "../target";

/** `slipway doctor` */
export async function doctor(stack: string | undefined, output: Output): Promise<void> {
  const inAws = stack !== undefined && !isLaptopStack(stack);
  const findings = await checkMachine(inAws);
  if (inAws) {
    findings.push(
      ...(await output.step(`Asking AWS what the stack ${stack} will find there`, () => checkStack(stack))),
    );
  }
  output.answer(findings, findings.map(describe).join("\n"));
  const missing = findings.filter(({ ok, needed }) => needed && !ok);
  if (missing.length) {
    throw new UserError(
      `Not ready: ${missing.map(({ what }) => what).join(", ")}. The fix is beside each above.`,
    );
  }
}

const describe = ({ what, ok, found, needed, fix }: Finding) =>
  `${ok ? "ok     " : needed ? "MISSING" : "absent "} ${what.padEnd(18)} ${found}${ok ? "" : `\n        ${fix}`}`;
