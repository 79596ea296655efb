import { parseName, waysOutOfTrash } from '../access/index.ts'
import type { Database, Outcome } from '../database/index.ts'
import { isoTime } from '../observe/index.ts'
import { RightsMoved, rightsMoved } from '../record/index.ts'
import { clearProject, type ClearStep, type TrashCommand } from '../registry/index.ts'
import { clearInSteps, stepsBeforeAnswer } from './clear-in-steps.ts'
import { ProjectError, type ProjectErrorCode } from './project-error.ts'
import {
  changeProject,
  createProject,
  deleteProject,
  renameProject,
  type ChangeProjectInput,
  type CreateProjectInput,
  type DeleteProjectInput,
  type RenameProjectInput,
} from './project-transactions.ts'
import { purgeProject, restoreProject } from './project-trash-transactions.ts'
import type { Project } from './project.ts'

/**
 * Projects, as whoever may change them asks for it: what somebody may is decided before, about the id that is given here. Each
 * change fails with a ProjectError, and leaves an event with what was before and after.
 */
export interface Projects {
  create(input: Omit<CreateProjectInput, 'admin'> & Partial<Pick<CreateProjectInput, 'admin'>>): Promise<Project>
  /** Its repositories are found under the new name at once; the old one leads to it until it is taken. */
  rename(input: RenameProjectInput): Promise<Project>
  change(input: ChangeProjectInput): Promise<Project>
  /** Nothing of it can be read when this answers; its name is free once it is purged, which without a retention is a moment later. */
  remove(input: Omit<DeleteProjectInput, 'retention'>): Promise<void>
  /** Brings back a deleted one; answers its name. */
  restore(input: TrashCommand): Promise<string>
  /** Ends a deleted one before its time; its name is free a moment later. */
  purge(input: TrashCommand): Promise<void>
}

/** @param retention ms for which what is deleted can be brought back; 0: not at all */
export function createProjects(database: Database, retention: number): Projects {
  return Object.freeze<Projects>({
    create: async ({ name, visibility, admin, actor }) => {
      checkName(name)
      return resultOf(await database.transact(createProject, { name, visibility, admin, actor }))
    },
    rename: async ({ id, name, actor }) => {
      checkName(name)
      return resultOf(await database.transact(renameProject, { id, name, actor }))
    },
    change: async (input) => resultOf(await database.transact(changeProject, input)),
    remove: async (input) => {
      resultOf(await database.transact(deleteProject, { ...input, retention }))
      if (retention === 0) await clearSteps(database, input.id, stepsBeforeAnswer)
    },
    restore: async (input) => resultOf(await database.transact(restoreProject, input)).name,
    purge: async (input) => {
      resultOf(await database.transact(purgeProject, input))
      await clearSteps(database, input.project, stepsBeforeAnswer)
    },
  })
}

/** Removes what is in a project that is being deleted, at most so many steps; answers the last one. */
export async function clearSteps(database: Database, project: number, most: number): Promise<ClearStep> {
  return await clearInSteps(most, async () => resultOf(await database.transact(clearProject, { project })))
}

function checkName(name: string): void {
  if (parseName(name) !== undefined) return
  const message = 'the name of a project has up to 64 lower-case letters and digits, with single ".", "_" or "-" between them'
  throw new ProjectError('name', message)
}

const refusals: Readonly<Record<string, readonly [ProjectErrorCode, string]>> = {
  PROJECT_UNKNOWN: ['unknown', 'there is no such project'],
  TRASH_UNKNOWN: ['unknown', 'there is no such project in the trash'],
  PROJECT_EXISTS: ['exists', 'there is a project of that name already'],
  PROJECT_DELETING: ['deleting', 'a project of that name is still being deleted; its name is free in a moment'],
  PROJECT_NOT_EMPTY: ['not-empty', 'the project is not empty: delete what is in it first, or ask for it to be deleted with everything in it (force)'],
  PROJECT_HAS_TRASH: ['not-empty', 'what is in the trash of the project would be lost with it: restore or purge that first, or ask for it to be deleted with everything in it (force)'],
  PROJECT_PATH: ['path', 'with that name the path of a repository in the project would be longer than 255 characters'],
}

function resultOf<Result>(outcome: Outcome<Result>): Result {
  if ('ok' in outcome) return outcome.ok
  if (outcome.refused === rightsMoved) throw new RightsMoved()
  if (outcome.refused === 'PROJECT_IN_TRASH') throw inTrash(outcome.detail as { readonly trash: number; readonly until: number })
  const refusal = refusals[outcome.refused]
  if (refusal === undefined) throw new Error(`a transaction refused with the unknown code "${outcome.refused}"`)
  throw new ProjectError(...refusal)
}

function inTrash({ trash, until }: { readonly trash: number; readonly until: number }): ProjectError {
  const message = `a project of that name is in the trash until ${isoTime(until)}: ${waysOutOfTrash(trash)}`
  return new ProjectError('in-trash', message)
}
