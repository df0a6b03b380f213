import { type Activity } from "../sections";

/** What has happened since the console was opened, newest first. */
export function Happenings({ activities, stack }: { activities: Activity[]; stack: string | undefined }) {
  return (
    <section class="card" id="activity" aria-labelledby="activity-title">
      <div class="head">
        <h2 id="activity-title">What happens</h2>
      </div>
      {activities.length === 0 && (
        <p class="muted">
          Nothing yet since the console was opened. Try <code>npx slipway release {stack}</code>.
        </p>
      )}
      <div class="activity" role="log" tabIndex={0} aria-labelledby="activity-title">
        <ol>
          {activities.map(({ id, at, text, tone }) => (
            <li key={`${id} ${at}`} class={tone}>
              <time dateTime={at}>{new Date(at).toLocaleTimeString("en-GB")}</time> {text}
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}
