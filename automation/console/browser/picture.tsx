import { useEffect, useRef, useState } from "preact/hooks";
import { type Pictures, type Reading } from "../sections";
import { valueOf } from "./card";
import { type Tones } from "./lights";

const views: [view: keyof Pictures, title: string][] = [
  ["isometric", "in three dimensions"],
  ["2d", "from above"],
];

/** The architecture, drawn from the stack itself; components in it light up as the stages do. */
export function Picture({ pictures, tones }: { pictures: Reading<Pictures> | undefined; tones: Tones }) {
  const [view, setView] = useState<keyof Pictures>("isometric");
  const place = useRef<HTMLDivElement>(null);
  const svg = valueOf(pictures)?.[view] ?? "";

  // The server has escaped what is in it.
  useEffect(() => void (place.current!.innerHTML = svg), [svg]);
  useEffect(() => {
    for (const element of place.current!.querySelectorAll("[data-name]")) {
      const { lasting, lit } = tones[element.getAttribute("data-name")!] ?? {};
      for (const tone of ["busy", "bad"]) element.classList.toggle(`is-${tone}`, lasting === tone);
      for (const tone of ["plain", "good", "bad"]) element.classList.toggle(`lit-${tone}`, lit === tone);
    }
  });

  return (
    <section class="card" id="picture" aria-labelledby="picture-title">
      <div class="head">
        <h2 id="picture-title">Architecture</h2>
        <span class="aside">
          {views.map(([each, title]) => (
            <button key={each} type="button" aria-pressed={each === view} onClick={() => setView(each)}>
              {title}
            </button>
          ))}
        </span>
      </div>
      {!pictures && <p class="muted">Drawing …</p>}
      {pictures && "fault" in pictures && <p class="fault">{pictures.fault}</p>}
      <div class="picture" tabIndex={0} role="group" aria-label="The picture" ref={place} />
    </section>
  );
}
