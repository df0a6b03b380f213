import { expect } from "chai";
import { stripVTControlCharacters } from "node:util";
import { paceLine, paceWords } from "../../automation/pace";
import { bar, isUnicode } from "../../automation/terminal";

const since = new Date("2026-11-24T08:00:00Z");
const at = (seconds: number) => since.getTime() + 1000 * seconds;
const pace = { since, lastMs: 200_000 };
const line = (seconds: number, columns = 80) =>
  stripVTControlCharacters(paceLine(pace, at(seconds), columns));

describe("how far a job is", () => {
  it("is measured by how long the last one took, in words for a log", () => {
    expect(paceWords(pace, at(0))).to.equal("about 0 % of what the last one took");
    expect(paceWords(pace, at(80))).to.equal("about 40 % of what the last one took");
    expect(paceWords(pace, at(199.9))).to.equal("about 95 % of what the last one took");
    expect(paceWords(pace, at(200))).to.equal("longer than the last one, which took 3 min 20 s");
    expect(paceWords(pace, at(-30)), "a clock that is behind").to.equal(
      "about 0 % of what the last one took",
    );
  });

  it("is a bar with what is left, in a terminal", () => {
    expect(line(50)).to.match(/^ {2}.{24} about 3 min left \(last one: 3 min 20 s\)$/);
    expect(line(183)).to.include("about 20 s left");
    expect(line(197)).to.include("about 3 s left");
  });

  it("never stands at the end: what takes longer than the last one is told in words", () => {
    const filled = (seconds: number) => line(seconds).match(/[█#]/g)?.length ?? 0;
    expect(filled(50)).to.equal(6);
    expect(filled(199.9)).to.equal(23);
    expect(line(200)).to.equal("  longer than the last one, which took 3 min 20 s");
    expect(line(2000)).to.equal(line(200));
  });

  it("fits the terminal: the bar gets shorter, then goes", () => {
    expect(line(50, 50).length).to.be.at.most(49);
    expect(line(50, 50)).to.match(/[█#]/);
    expect(line(50, 44)).to.equal("  about 3 min left (last one: 3 min 20 s)");
  });

  it("is ASCII where the locale is no UTF-8", () => {
    expect(stripVTControlCharacters(bar(0.5, 8, false))).to.equal("####----");
    expect(stripVTControlCharacters(bar(0.5, 8, true))).to.equal("████░░░░");
    expect(stripVTControlCharacters(bar(1, 8, false))).to.equal("########");
    expect(isUnicode({ LANG: "C.UTF-8" })).to.equal(true);
    expect(isUnicode({ LANG: "en_US.UTF-8", LC_ALL: "C" })).to.equal(false);
    expect(isUnicode({})).to.equal(false);
  });
});
