/**
 * `unknown`    there is no such project
 * `exists`     another project has that name
 * `deleting`   a project of that name is still being deleted; its name is free soon
 * `in-trash`   a project of that name was deleted and can be brought back: until it is purged its name is taken
 * `not-empty`  it holds manifests, or something in its trash that would be lost with it, and was to be deleted only if it did not
 * `name`       no project can have that name
 * `path`       with that name the path of a repository in it would be too long
 */
export type ProjectErrorCode = 'unknown' | 'exists' | 'deleting' | 'in-trash' | 'not-empty' | 'name' | 'path'

/** What goes wrong with a project because of what was asked for. The message is for a person. */
export class ProjectError extends Error {
  readonly code: ProjectErrorCode

  constructor(code: ProjectErrorCode, message: string) {
    super(message)
    this.name = 'ProjectError'
    this.code = code
  }
}
