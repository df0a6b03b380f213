import { render } from "preact";
import { AlarmsCard } from "./alarms";
import { Ask } from "./ask";
import { valueOf } from "./card";
import "./console.css";
import { CostCard } from "./cost";
import { DataCard } from "./data";
import { EndpointCard } from "./endpoint";
import { Happenings } from "./happenings";
import { JobsCard } from "./jobs";
import { useLive, useNow } from "./live";
import { tonesOf } from "./lights";
import { MessagesCard } from "./messages";
import { MonitorCard } from "./monitor";
import { Picture } from "./picture";
import { ReleasesCard } from "./releases";
import { Stages } from "./stages";

function Page() {
  const live = useLive();
  const now = useNow();
  const { readings, activities } = live;
  const tones = tonesOf(live);
  const stack = valueOf(readings.stack);
  const releases = valueOf(readings.releases) ?? [];
  const served = releases.find(({ state }) => state === "served");
  return (
    <>
      <header>
        <p class="brand">Slipway</p>
        <h1>{document.title.split(" ")[0]}</h1>
        <p class="muted">
          {stack ? stack.region : ""}
          {served ? (
            <>
              , serves <code>{served.id}</code>
            </>
          ) : null}
        </p>
        <p class={live.connected ? "connected" : "disconnected"} role="status">
          {live.connected ? "live" : "not connected: the console's command has ended, or is being started"}
        </p>
      </header>
      <main>
        {readings.stack && "fault" in readings.stack ? (
          <p class="card fault">{readings.stack.fault}</p>
        ) : (
          <>
            <Stages tones={tones} monitored={Boolean(valueOf(readings.monitor))} />
            <div class="columns">
              <Happenings activities={activities} stack={stack?.name} />
              <div class="main">
                <EndpointCard endpoint={readings.endpoint} traffic={readings.traffic} now={now} />
                <Picture pictures={readings.pictures} tones={tones} />
                <MonitorCard monitor={readings.monitor} alarms={valueOf(readings.alarms) ?? []} now={now} />
                <ReleasesCard releases={readings.releases} now={now} />
                <JobsCard jobs={readings.jobs} now={now} />
                <DataCard data={readings.data} now={now} />
              </div>
              <div>
                {stack?.example && <Ask stack={stack} />}
                <MessagesCard messages={readings.messages} inboxUrl={stack?.inboxUrl ?? null} now={now} />
                <AlarmsCard alarms={readings.alarms} now={now} />
                <CostCard cost={readings.cost} stack={stack} />
              </div>
            </div>
          </>
        )}
      </main>
    </>
  );
}

render(<Page />, document.querySelector("#app")!);
