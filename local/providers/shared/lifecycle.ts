/** What the engine asks of every resource type, decided from the type's table alone: no call is made here. */
import { sameMeaning } from "./equal";
import { autoName, type Autonaming, proposedName } from "./names";
import { type AnyResourceType, type Rule } from "./resource";
import { containsUnknown, isObject, type Properties, secret, unknownValue, withoutNulls } from "./values";

/** Names of the inputs that have a default or an automatic value; kept in the state as the real provider keeps it. */
const defaultsKey = "__defaults";
/** In the state of a resource whose creation failed in the middle: the next update writes everything again. */
export const incompleteKey = "__incomplete";

/** Properties that every type has beside its own. */
const commonOutputs = ["arn", "region"];
const regionRule: Rule = { replaces: true, computed: true };

export interface Failure {
  property: string;
  reason: string;
}

/** All settable properties of a type. */
export function rulesOf(type: AnyResourceType): Record<string, Rule> {
  return { region: regionRule, ...(type.inputs as Record<string, Rule>) };
}

export const hasTags = (type: AnyResourceType) => "tags" in type.inputs;

/** Completes the program's inputs (defaults, automatic names) and says what is wrong with them. */
export function check(
  type: AnyResourceType,
  request: {
    token: string;
    logicalName: string;
    news: Properties;
    olds?: Properties;
    seed: Uint8Array;
    autonaming?: Autonaming;
  },
): { inputs: Properties; failures: Failure[] } {
  const { token, logicalName, olds = {}, seed, autonaming } = request;
  const rules = rulesOf(type);
  const inputs = withoutNulls(request.news);
  delete inputs[defaultsKey];
  const failures: Failure[] = Object.keys(inputs)
    .filter((property) => !(property in rules))
    .map((property) => ({ property, reason: notSupported(token, property, Object.keys(rules)) }));

  const defaults: string[] = [];
  const oldDefaults = Array.isArray(olds[defaultsKey]) ? (olds[defaultsKey] as string[]) : [];
  for (const [property, rule] of Object.entries(rules)) {
    const given = inputs[property];
    if (given !== undefined) {
      if (rule.json && isObject(given))
        inputs[property] = containsUnknown(given) ? unknownValue : JSON.stringify(given);
      continue;
    }
    if (rule.autoName) {
      const prefix = inputs[`${property}Prefix`];
      const kept = oldDefaults.includes(property) && sameMeaning(prefix, olds[`${property}Prefix`]);
      if (kept) inputs[property] = olds[property];
      else if (prefix === unknownValue) inputs[property] = unknownValue;
      else if (typeof prefix === "string")
        inputs[property] = autoName(rule.autoName, { namePrefix: prefix }, seed, inputs);
      else if (autonaming) {
        const made = proposedName(rule.autoName, autonaming, inputs);
        if ("problem" in made) failures.push({ property, reason: `${token}: ${made.problem}` });
        else inputs[property] = made.name;
      } else inputs[property] = autoName(rule.autoName, { logicalName }, seed, inputs);
      defaults.push(property);
    } else if (rule.default !== undefined) {
      inputs[property] = rule.default;
      defaults.push(property);
    } else if (rule.required) {
      failures.push({
        property,
        reason: `${token} needs a value for '${property}'. Add it to the resource's arguments.`,
      });
    }
  }
  return { inputs: { ...inputs, [defaultsKey]: defaults.sort() }, failures };
}

function notSupported(token: string, property: string, known: string[]): string {
  return (
    `the laptop target does not support the property '${property}' of ${token}. ` +
    `It supports: ${known.sort().join(", ")}. Leave the property out on this stack, or add it to local/providers.`
  );
}

export interface Difference {
  changes: string[];
  replaces: string[];
  deleteBeforeReplace: boolean;
}

/** Compares what the program asked for with what it asks for now. */
export function diff(
  type: AnyResourceType,
  request: { oldInputs: Properties; oldState: Properties; news: Properties; tagsAll: unknown },
): Difference {
  const { oldInputs, oldState, news } = request;
  const rules = rulesOf(type);
  const changes = Object.entries(rules)
    .filter(([property, rule]) => {
      if (news[property] === undefined && rule.computed) return false;
      const old = rule.live ? oldState : oldInputs;
      return !sameMeaning(old[property], news[property], rule);
    })
    .map(([property]) => property);
  if (hasTags(type) && !changes.includes("tags") && !sameMeaning(oldState.tagsAll, request.tagsAll))
    changes.push("tags");
  const replaces = changes.filter((property) => {
    const { replaces: rule } = rules[property]!;
    return typeof rule === "function" ? rule(oldInputs[property], news[property]) : rule;
  });
  return {
    changes,
    replaces,
    deleteBeforeReplace: replaces.length > 0 && keepsItsName(rules, oldInputs, news),
  };
}

/** A name that the program fixed cannot be had twice: the old resource has to go first. */
function keepsItsName(rules: Record<string, Rule>, oldInputs: Properties, news: Properties): boolean {
  const defaults = news[defaultsKey] as string[] | undefined;
  return Object.entries(rules).some(
    ([property, rule]) =>
      rule.autoName && !defaults?.includes(property) && sameMeaning(oldInputs[property], news[property]),
  );
}

/** Default tags of the provider and the resource's own together; own ones win. Unknown when either is. */
export function allTags(defaultTags: Record<string, string>, tags: unknown): unknown {
  if (tags === unknownValue) return unknownValue;
  return { ...defaultTags, ...(isObject(tags) ? tags : {}) };
}

/** What is known of a resource in the preview of its creation. */
export function previewCreate(type: AnyResourceType, inputs: Properties, tagsAll: unknown): Properties {
  const computed = Object.entries(rulesOf(type)).filter(([, rule]) => rule.computed);
  const names = [...commonOutputs, ...(type.outputs ?? []), ...computed.map(([name]) => name)];
  const unknowns = Object.fromEntries(names.map((name) => [name, unknownValue]));
  return { ...unknowns, ...withoutDefaults(inputs), ...(hasTags(type) ? { tagsAll } : {}) };
}

/** What is known of a resource in the preview of its update. */
export function previewUpdate(
  type: AnyResourceType,
  state: Properties,
  news: Properties,
  tagsAll: unknown,
): Properties {
  const unknowns = Object.fromEntries((type.volatile ?? []).map((name) => [name, unknownValue]));
  return { ...afterUpdate(type, state, news, tagsAll), ...unknowns };
}

/** The state that an update works towards: outputs and AWS's own values stay, everything else is as the program says. */
export function afterUpdate(
  type: AnyResourceType,
  state: Properties,
  news: Properties,
  tagsAll: unknown,
): Properties {
  const rules = rulesOf(type);
  const kept = Object.entries(state).filter(
    ([name]) => name !== incompleteKey && (!(name in rules) || rules[name]!.computed),
  );
  return { ...Object.fromEntries(kept), ...withoutDefaults(news), ...(hasTags(type) ? { tagsAll } : {}) };
}

function withoutDefaults(inputs: Properties): Properties {
  return Object.fromEntries(Object.entries(inputs).filter(([property]) => property !== defaultsKey));
}

/** The state to keep: what was read where it says something else than what was asked for, what was asked for elsewhere. */
export function settle(type: AnyResourceType, asked: Properties, live: Properties): Properties {
  const rules = rulesOf(type);
  const state: Properties = withoutDefaults(asked);
  delete state[incompleteKey];
  for (const [property, value] of Object.entries(live)) {
    const rule = rules[property];
    if (rule && sameMeaning(state[property], value, rule)) continue;
    if (value === undefined) delete state[property];
    else state[property] = value;
  }
  for (const [property, rule] of Object.entries(rules)) {
    if (rule.secret && state[property] !== undefined) state[property] = secret(state[property]);
  }
  return state;
}

/**
 * The inputs that would lead to what was read: the old ones, save where the resource has drifted from its old state.
 * With no old state (import), everything that was read, and the default of what cannot be read.
 */
export function inputsAfterRead(
  type: AnyResourceType,
  request: {
    oldInputs: Properties;
    oldState: Properties;
    live: Properties;
    defaultTags: Record<string, string>;
  },
): Properties {
  const { oldInputs, oldState, defaultTags } = request;
  const live = hasTags(type) ? withOwnTags(request.live, oldInputs, defaultTags) : request.live;
  const importing = Object.keys(oldState).length === 0;
  const inputs: Properties = { ...oldInputs };
  for (const [property, rule] of Object.entries(rulesOf(type))) {
    if (importing && rule.default !== undefined) inputs[property] = rule.default;
    if (!(property in live)) continue;
    const value = live[property];
    const asBefore = [oldState[property], oldInputs[property]].some((old) => sameMeaning(old, value, rule));
    const asDefault =
      oldInputs[property] === undefined && (property === "region" || sameMeaning(value, rule.default, rule));
    const ownChoice = rule.computed && oldInputs[property] === undefined && !importing;
    if (asBefore || asDefault || ownChoice) continue;
    if (value === undefined) delete inputs[property];
    else inputs[property] = value;
  }
  return inputs;
}

/** `tags` from `tagsAll`: the default tags are the provider's, unless the program also set them itself. */
function withOwnTags(
  live: Properties,
  oldInputs: Properties,
  defaultTags: Record<string, string>,
): Properties {
  if (!isObject(live.tagsAll)) return live;
  const declared = isObject(oldInputs.tags) ? oldInputs.tags : {};
  const own = Object.entries(live.tagsAll).filter(
    ([key, value]) => key in declared || defaultTags[key] !== value,
  );
  return { ...live, tags: Object.fromEntries(own) };
}
