import { randomBytes } from "node:crypto";
import type { DoubleClock } from "../double-clock.ts";
import { type Operation, schedule, statusAt } from "./operations.ts";
import { createProjectDatabase, dropProjectDatabase, type ProjectDatabase, projectDatabase } from "./project-database.ts";

export interface Project {
  readonly id: string;
  readonly name: string;
  readonly regionId: string;
  readonly branchId: string;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly operations: readonly Operation[];
  /** What the administrator and the first database are called to the outside. */
  readonly names: { readonly role: string; readonly database: string };
  readonly database: ProjectDatabase;
}

interface NewProject {
  readonly name: string;
  readonly regionId: string;
  readonly role: string;
  readonly database: string;
}

export interface ProjectsOptions {
  /** A superuser of the PostgreSQL server (16 or later) where the projects' databases are made. */
  readonly adminUrl: string;
  readonly clock: DoubleClock;
}

/** The account's projects. A project's database really comes into being once its operations have finished, and not before. */
export interface Projects {
  /** Newest first. */
  list(): readonly Project[];
  find(id: string): Project | undefined;
  create(project: NewProject): Project;
  /** Whether operations are unfinished, so that none may be added. */
  isLocked(project: Project): boolean;
  connectionUri(project: Project): Promise<string>;
  remove(project: Project): Promise<void>;
  /** The next operation of this kind ends as failed. */
  failNext(action: string): void;
}

export function createProjects({ adminUrl, clock }: ProjectsOptions): Projects {
  const projects = new Map<string, Project>();
  const made = new Map<string, Promise<void>>();
  const failing: string[] = [];
  let count = 0;

  function planned(action: string): { action: string; fails: boolean } {
    const index = failing.indexOf(action);
    if (index >= 0) failing.splice(index, 1);
    return { action, fails: index >= 0 };
  }

  /** Makes what finished operations have made, once. */
  async function settle(project: Project): Promise<void> {
    if (project.operations.some((operation) => statusAt(operation, clock.now()) !== "finished")) return;
    const making = made.get(project.id) ?? createProjectDatabase(adminUrl, project.database);
    made.set(project.id, making);
    await making;
  }

  return {
    list: () => [...projects.values()].toReversed(),
    find: (id) => projects.get(id),
    create({ name, regionId, role, database }) {
      count += 1;
      const id = `double-river-${randomBytes(4).toString("hex")}`;
      const project: Project = {
        id,
        name,
        regionId,
        branchId: `br-${id}`,
        // No two at the same moment, however fast they come.
        createdAt: clock.now() + count,
        operations: schedule([planned("create_timeline"), planned("start_compute")], clock.now()),
        names: { role, database },
        database: projectDatabase(id, { role, database }),
      };
      projects.set(id, project);
      return project;
    },
    isLocked: ({ operations }) => operations.some((operation) => ["scheduling", "running"].includes(statusAt(operation, clock.now()))),
    async connectionUri(project) {
      await settle(project);
      const url = new URL(adminUrl);
      url.username = project.database.role;
      url.password = project.database.password;
      url.pathname = `/${project.database.database}`;
      return url.href;
    },
    async remove(project) {
      projects.delete(project.id);
      await made.get(project.id);
      await dropProjectDatabase(adminUrl, project.database);
    },
    failNext(action) {
      failing.push(action);
    },
  };
}
