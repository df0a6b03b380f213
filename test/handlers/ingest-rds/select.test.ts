import { expect } from "chai";
import { singleSelect } from "../../../handlers/ingest-rds/select";

describe("singleSelect", () => {
  for (const query of [
    "SELECT 1",
    "  select * from a where b = 'x;y)' -- (;\n",
    "WITH a AS (SELECT 1) SELECT * FROM a;",
    'SELECT "a;b", `c;d`, $$;($$, $x$ ; $x$ FROM t /* ; ) */ ;;',
  ]) {
    it(`takes ${JSON.stringify(query)}`, () => {
      expect(singleSelect(query)).to.equal(query.trim().replace(/[\s;]+$/, ""));
    });
  }

  for (const [query, reason] of [
    ["", "begin with SELECT"],
    ["DELETE FROM orders", "begin with SELECT"],
    ["/* SELECT */ DROP TABLE orders", "begin with SELECT"],
    ["SELECT 1; DROP TABLE orders", "one statement"],
    ["SELECT 1) AS x, (SELECT 2", undefined],
    ["SELECT (1", "brackets"],
    ["SELECT 'a", "not closed"],
    ["SELECT 1 /* a", "not closed"],
    ["SELECT $$a", "not closed"],
  ] as const) {
    it(`refuses ${JSON.stringify(query)}`, () => {
      expect(() => singleSelect(query)).to.throw(reason ?? "brackets");
    });
  }
});
