import { type Cost, type Reading, type StackSection } from "../sections";
import { Card } from "./card";
import { dollars } from "./words";

/** What the stack costs a month, by component. */
export function CostCard({
  cost,
  stack,
}: {
  cost: Reading<Cost> | undefined;
  stack: StackSection | undefined;
}) {
  return (
    <Card
      id="cost"
      title="Cost"
      reading={cost}
      aside={({ monthly }) => <b>{dollars(monthly)} a month</b>}
      show={({ components }) => (
        <>
          <dl class="metrics">
            {components.map(({ component, monthly }) => (
              <div key={component}>
                <dt>{component}</dt>
                <dd>{dollars(monthly)}</dd>
              </div>
            ))}
          </dl>
          <p class="muted">
            List prices of what is there all the time, without requests and jobs.
            {stack?.inboxUrl ? " On this laptop it costs nothing." : ""}
          </p>
        </>
      )}
    />
  );
}
