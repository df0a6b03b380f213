import { type Resource } from "../stack";

/** A component that the program itself declares, and the resources in it. */
export interface Group {
  name: string;
  /** Its token; that of the stack for what the program declares outside components. */
  component: string;
  resources: Resource[];
}

/** One group is made with values of the other: by this resource of its own. */
export interface Use {
  user: Group;
  used: Group;
  resource: Resource;
}

const stackType = "pulumi:pulumi:Stack";

/** The resources by the outermost component that they are in, and who is made with whom. Groups without resources are left out. */
export function groupsOf(all: Resource[]): { groups: Group[]; uses: Use[] } {
  const resources = new Map(all.filter(isOfProgram).map((resource) => [resource.urn, resource]));
  const outermost = (resource: Resource): Resource => {
    const holder = resources.get(resource.parent ?? "");
    return holder ? outermost(holder) : resource;
  };
  const groups = new Map<string, Group>();
  for (const resource of resources.values()) {
    const top = outermost(resource);
    const inComponent = top.custom === false;
    const key = inComponent ? top.urn : stackType;
    const of = inComponent
      ? { name: nameOf(top.urn), component: top.type }
      : { name: "program", component: stackType };
    const group = groups.get(key) ?? { ...of, resources: [] };
    if (resource.custom !== false) group.resources.push(resource);
    groups.set(key, group);
  }
  const found = distinct([...groups.values()].filter(({ resources }) => resources.length > 0));
  const groupOf = new Map(found.flatMap((group) => group.resources.map(({ urn }) => [urn, group])));
  const uses = found.flatMap((user) =>
    user.resources.flatMap((resource) =>
      (resource.dependencies ?? []).flatMap((dependency) => {
        const used = groupOf.get(dependency);
        return used && used !== user ? [{ user, used, resource }] : [];
      }),
    ),
  );
  return { groups: found, uses };
}

const isOfProgram = ({ type }: Resource) => type !== stackType && !type.startsWith("pulumi:providers:");

const nameOf = (urn: string) => urn.split("::").slice(3).join("::");

/** Components of two kinds may have one name: then they get their tokens to it. */
const distinct = (groups: Group[]): Group[] =>
  groups.map((group) =>
    groups.some((other) => other !== group && other.name === group.name)
      ? { ...group, name: `${group.component}::${group.name}` }
      : group,
  );
