import { type Resource } from "../stack";
import { outsiders } from "./flows";

/** A component that the program itself declares, and the resources in it. */
export interface Group {
  name: string;
  /** Its token; that of the stack for what the program declares outside components. */
  component: string;
  resources: Resource[];
}

/** Two groups of which the one is made with values of the other. */
export interface Use {
  user: Group;
  used: Group;
}

/** Of the stack itself, and here of what the program declares outside components. */
export const stackType = "pulumi:pulumi:Stack";

/** The resources by the outermost component that they are in. Groups without resources are left out. */
export function groupsOf(all: Resource[]): Group[] {
  const resources = new Map(all.filter(isOfProgram).map((resource) => [resource.urn, resource]));
  const outermost = (resource: Resource): Resource => {
    const holder = resources.get(resource.parent ?? "");
    return holder ? outermost(holder) : resource;
  };
  const groups = new Map<string, Group>();
  for (const resource of resources.values()) {
    if (resource.custom === false) continue;
    const top = outermost(resource);
    const inComponent = top.custom === false;
    const key = inComponent ? top.urn : stackType;
    const group = groups.get(key) ?? {
      name: inComponent ? nameOf(top.urn) : "program",
      component: inComponent ? top.type : stackType,
      resources: [],
    };
    group.resources.push(resource);
    groups.set(key, group);
  }
  return distinct([...groups.values()]);
}

/** Which groups are made with which others, each two once, as these resources have it. */
export function usesOf(groups: Group[], resources: Resource[]): Map<string, Use> {
  const groupOf = new Map(groups.flatMap((group) => group.resources.map(({ urn }) => [urn, group])));
  const uses = new Map<string, Use>();
  for (const { urn, dependencies = [] } of resources) {
    const user = groupOf.get(urn);
    for (const dependency of dependencies) {
      const used = groupOf.get(dependency);
      if (!user || !used || user === used) continue;
      const key = JSON.stringify([user.name, used.name].sort());
      if (!uses.has(key)) uses.set(key, { user, used });
    }
  }
  return uses;
}

const isOfProgram = ({ type }: Resource) => type !== stackType && !type.startsWith("pulumi:providers:");

const nameOf = (urn: string) => urn.split("::").slice(3).join("::");

/** Two may have one name, or that of somebody outside: then they get their tokens to it. */
const distinct = (groups: Group[]): Group[] =>
  groups.map((group) =>
    [...groups, ...outsiders].some((other) => other !== group && other.name === group.name)
      ? { ...group, name: `${group.component}::${group.name}` }
      : group,
  );
