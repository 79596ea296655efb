// Written by `bun tools/openapi.ts` from docs/openapi.json.

export type Problem = {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly errors?: readonly {
    readonly at: string
    readonly message: string
  }[] | undefined
  readonly request?: string | undefined
}

export type Whoami = {
  readonly kind: 'account' | 'robot'
  readonly name: string
  readonly credential: string
  readonly mustChange: boolean
  readonly narrowed: boolean
  readonly groups: readonly string[]
}

export type Project = {
  readonly name: string
  readonly visibility: 'public' | 'internal' | 'private'
  readonly state: 'live' | 'frozen' | 'deleting'
  readonly createdAt: string
}

export type TrashEntry = {
  readonly id: string
  readonly kind: 'tag' | 'manifest' | 'blob' | 'repository' | 'project'
  readonly project: string
  readonly path?: string | undefined
  readonly tag?: string | undefined
  readonly digest?: string | undefined
  readonly tags: readonly string[]
  readonly cause: 'person' | 'rule'
  readonly deletedAt: string
  readonly deletedBy?: string | undefined
  readonly purgeAt: string
}

export type Restored = {
  readonly kind: 'tag' | 'manifest' | 'blob' | 'repository' | 'project'
  readonly project: string
  readonly path?: string | undefined
  readonly tags: readonly string[]
  readonly leftOut: readonly ({
    readonly tag: string
    readonly reason: 'exists' | 'denied'
  })[]
  readonly manifests: readonly string[]
}

export type Account = {
  readonly name: string
  readonly displayName?: string | undefined
  readonly email?: string | undefined
  readonly source: string
  readonly state: 'active' | 'disabled'
  readonly mustChange: boolean
  readonly createdAt: string
  readonly lastLoginAt?: string | undefined
}

export type AccountImport = {
  readonly imported: readonly string[]
  readonly skipped: readonly ({
    readonly line: number
    readonly reason: 'name' | 'hash' | 'cost' | 'exists'
  })[]
}

export type Group = {
  readonly name: string
  readonly source: string
  readonly createdAt: string
}

export type Member = {
  readonly name: string
  readonly source: string
}

export type Robot = {
  readonly name: string
  readonly login: string
  readonly description?: string | undefined
  readonly state: 'active' | 'disabled'
  readonly createdAt: string
  readonly createdBy?: string | undefined
  readonly expiresAt?: string | undefined
  readonly lastUsedAt?: string | undefined
}

export type RobotWithRights = {
  readonly name: string
  readonly login: string
  readonly description?: string | undefined
  readonly state: 'active' | 'disabled'
  readonly createdAt: string
  readonly createdBy?: string | undefined
  readonly expiresAt?: string | undefined
  readonly lastUsedAt?: string | undefined
  readonly rights: readonly ({
    readonly project?: string | undefined
    readonly pattern?: string | undefined
    readonly permissions: readonly string[]
  })[]
}

export type NewRobot = {
  readonly name: string
  readonly login: string
  readonly description?: string | undefined
  readonly state: 'active' | 'disabled'
  readonly createdAt: string
  readonly createdBy?: string | undefined
  readonly expiresAt?: string | undefined
  readonly lastUsedAt?: string | undefined
  readonly secret: string
}

export type RotatedRobot = {
  readonly secret: string
  readonly oldSecretsEndAt: string
}

export type RotatedSystemRobot = {
  readonly secret: string
  readonly oldSecretsEndAt: string
}

export type Token = {
  readonly id: string
  readonly kind: 'personal' | 'key'
  readonly name: string
  readonly permissions?: readonly string[] | undefined
  readonly project?: string | undefined
  readonly pattern?: string | undefined
  readonly createdAt: string
  readonly expiresAt?: string | undefined
  readonly lastUsedAt?: string | undefined
}

export type NewToken = {
  readonly id: string
  readonly secret: string
  readonly expiresAt?: string | undefined
}

export type Role = {
  readonly name: string
  readonly permissions: readonly string[]
  readonly builtIn: boolean
}

export type Grant = {
  readonly id: string
  readonly subject: {
    readonly kind: 'account' | 'group' | 'robot'
    readonly name?: string | undefined
  }
  readonly role: string
  readonly pattern: string
  readonly createdAt: string
  readonly createdBy?: string | undefined
}

export type NewGrant = {
  readonly id: string
}

export type NewSystemGrant = {
  readonly id: string
}

export type TagRule = {
  readonly id: string
  readonly tags: string
  readonly pattern: string
  readonly permissions: readonly ('tag.create' | 'tag.move' | 'tag.delete')[]
  readonly roles: readonly string[]
  readonly createdAt: string
}

export type NewTagRule = {
  readonly id: string
}

export type AddressRule = {
  readonly id: string
  readonly networks: readonly string[]
  readonly permissions?: readonly string[] | undefined
  readonly createdAt: string
}

export type NewAddressRule = {
  readonly id: string
}

export type AccessExplanation = {
  readonly allowed: boolean
  readonly checks: readonly ({
    readonly permission: string
    readonly allowed: boolean
    readonly rule: string
    readonly considered: readonly ({
      readonly kind: string
      readonly text: string
      readonly verdict: 'allows' | 'refuses' | 'does not apply'
      readonly decided: boolean
    })[]
  })[]
}

export type Tag = {
  readonly name: string
  readonly digest: string
  readonly mediaType: string
  readonly size: number
  readonly pushedAt: string
  readonly pushedBy?: string | undefined
  readonly pulledAt?: string | undefined
  readonly createdAt: string
}

export type TagThen = {
  readonly name: string
  readonly digest: string
  readonly mediaType?: string | undefined
  readonly size?: number | undefined
  readonly pushedAt: string
  readonly pushedBy?: string | undefined
  readonly pulledAt?: string | undefined
  readonly createdAt?: string | undefined
  readonly manifest: 'here' | 'trash' | 'gone'
}

export type TagMove = {
  readonly at: string
  readonly by?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
}

export type JobKind = {
  readonly name: string
  readonly version: number
  readonly summary: string
}

export type Job = {
  readonly id: string
  readonly kind: string
  readonly state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled'
  readonly waitsFor?: string | undefined
  readonly payload: { readonly [name: string]: unknown }
  readonly attempt: number
  readonly mostAttempts: number
  readonly dueAt: string
  readonly node?: string | undefined
  readonly cancelRequested: boolean
  readonly progress?: {
    readonly done: number
    readonly total?: number | undefined
    readonly unit: string
    readonly note?: string | undefined
  } | undefined
  readonly result?: { readonly [name: string]: unknown } | undefined
  readonly error?: {
    readonly code: string
    readonly message: string
  } | undefined
  readonly schedule?: string | undefined
  readonly createdBy?: string | undefined
  readonly createdAt: string
  readonly startedAt?: string | undefined
  readonly finishedAt?: string | undefined
}

export type JobLine = {
  readonly number: number
  readonly at: string
  readonly text: string
}

export type CollectionState = {
  readonly due: number
  readonly queued: number
  readonly oldestDueAt?: string | undefined
  readonly holds: readonly ({
    readonly name: string
    readonly reason: string
    readonly until?: string | undefined
  })[]
  readonly lastRun?: CollectionRun | undefined
}

export type CollectionRun = {
  readonly job: string
  readonly state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled'
  readonly dryRun: boolean
  readonly deleteUntagged: boolean
  readonly finishedAt?: string | undefined
  readonly report?: {
    readonly dryRun: boolean
    readonly manifests: number
    readonly links: number
    readonly blobs: number
    readonly objects: number
    readonly uploads: number
    readonly trash: number
    readonly releasedBytes: number
    readonly freedBytes: number
    readonly failed: number
    readonly before: {
      readonly blobs: number
      readonly bytes: number
      readonly countedAt: string
    }
    readonly after: {
      readonly blobs: number
      readonly bytes: number
      readonly countedAt: string
    }
  } | undefined
}

export type Schedule = {
  readonly name: string
  readonly kind: string
  readonly payload: { readonly [name: string]: unknown }
  readonly cron: string
  readonly timeZone: string
  readonly enabled: boolean
  readonly nextRunAt?: string | undefined
  readonly lastRunAt?: string | undefined
  readonly createdBy?: string | undefined
  readonly createdAt: string
}

export type ProjectUsage = {
  readonly project: string
  readonly pulls: number
  readonly pulledBytes: number
  readonly pushes: number
  readonly pushedBytes: number
  readonly stored?: {
    readonly logicalBytes: number
    readonly deduplicatedBytes: number
    readonly trashBytes: number
    readonly countedAt: string
  } | undefined
}

export type UsagePart = {
  readonly day?: string | undefined
  readonly repository?: string | undefined
  readonly actor?: {
    readonly kind: 'account' | 'robot' | 'anonymous' | 'outside'
    readonly id?: string | undefined
    readonly name?: string | undefined
  } | undefined
  readonly pulls: number
  readonly pulledBytes: number
  readonly pushes: number
  readonly pushedBytes: number
  readonly stored?: {
    readonly logicalBytes: number
    readonly deduplicatedBytes: number
    readonly trashBytes: number
    readonly countedAt: string
  } | undefined
}

export type InventoryReport = {
  readonly cluster: string
  readonly seenAt: string
  readonly countsUntil: string
  readonly digests: number
}

export type InventoryCluster = {
  readonly cluster: string
  readonly seenAt: string
  readonly countsUntil: string
  readonly digests: number
  readonly counts: boolean
  readonly reportedAt: string
  readonly reportedBy?: string | undefined
}

export type DeletePlan = {
  readonly kind: 'tag' | 'manifest' | 'repository'
  readonly repository: string
  readonly tag?: string | undefined
  readonly digest?: string | undefined
  readonly tags: {
    readonly count: number
    readonly complete: boolean
    readonly first: readonly string[]
  }
  readonly manifests: {
    readonly count: number
    readonly complete: boolean
  }
  readonly named: {
    readonly tags: {
      readonly count: number
      readonly complete: boolean
      readonly first: readonly string[]
    }
    readonly indexes: {
      readonly count: number
      readonly complete: boolean
      readonly first: readonly ({
        readonly digest: string
        readonly artifactType?: string | undefined
      })[]
    }
    readonly subject?: string | undefined
  }
  readonly referrers: {
    readonly count: number
    readonly complete: boolean
    readonly first: readonly ({
      readonly digest: string
      readonly artifactType?: string | undefined
    })[]
  }
  readonly children: {
    readonly count: number
    readonly complete: boolean
    readonly first: readonly ({
      readonly digest: string
      readonly artifactType?: string | undefined
    })[]
  }
  readonly running: {
    readonly count: number
    readonly complete: boolean
    readonly lastSeenAt?: string | undefined
    readonly first?: readonly {
      readonly cluster: string
      readonly seenAt: string
    }[] | undefined
  }
  readonly frees: {
    readonly bytes: number
    readonly blobs: number
    readonly complete: boolean
    readonly exact: boolean
  }
  readonly keeps: readonly ({
    readonly bytes: number
    readonly blobs: number
    readonly by: 'repository' | 'trash' | 'elsewhere'
  })[]
  readonly after: {
    readonly trash: number
    readonly lease: number
    readonly drain: number
    readonly total: number
  }
}

/** What every operation takes and gives. */
export interface Operations {
  readonly whoami: {
    readonly reply: Whoami
  }
  readonly changeOwnPassword: {
    readonly body: {
      readonly current: string
      readonly password: string
    }
    readonly reply: undefined
  }
  readonly listProjects: {
    readonly query?: {
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly Project[]
      readonly next?: string | undefined
    }
  }
  readonly createProject: {
    readonly body: {
      readonly name: string
      readonly visibility?: 'public' | 'internal' | 'private' | undefined
    }
    readonly reply: Project
  }
  readonly getProject: {
    readonly params: {
      readonly project: string
    }
    readonly reply: Project
  }
  readonly updateProject: {
    readonly params: {
      readonly project: string
    }
    readonly body: {
      readonly visibility?: 'public' | 'internal' | 'private' | undefined
      readonly state?: 'live' | 'frozen' | undefined
    }
    readonly reply: Project
  }
  readonly deleteProject: {
    readonly params: {
      readonly project: string
    }
    readonly query?: {
      readonly force?: 'true' | 'false' | undefined
    }
    readonly reply: undefined
  }
  readonly renameProject: {
    readonly params: {
      readonly project: string
    }
    readonly body: {
      readonly name: string
    }
    readonly reply: Project
  }
  readonly deleteRepository: {
    readonly params: {
      readonly project: string
    }
    readonly query?: {
      readonly path: string
    }
    readonly reply: undefined
  }
  readonly listTrash: {
    readonly params: {
      readonly project: string
    }
    readonly query?: {
      readonly repository?: string | undefined
      readonly kind?: 'tag' | 'manifest' | 'blob' | 'repository' | 'project' | undefined
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly TrashEntry[]
      readonly next?: string | undefined
    }
  }
  readonly getTrash: {
    readonly params: {
      readonly trash: string
    }
    readonly reply: TrashEntry
  }
  readonly purgeTrash: {
    readonly params: {
      readonly trash: string
    }
    readonly reply: undefined
  }
  readonly restoreTrash: {
    readonly params: {
      readonly trash: string
    }
    readonly reply: Restored
  }
  readonly listAccounts: {
    readonly query?: {
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly Account[]
      readonly next?: string | undefined
    }
  }
  readonly createAccount: {
    readonly body: {
      readonly name: string
      readonly email?: string | undefined
      readonly displayName?: string | undefined
      readonly password?: string | undefined
    }
    readonly reply: Account
  }
  readonly getAccount: {
    readonly params: {
      readonly account: string
    }
    readonly reply: Account
  }
  readonly updateAccount: {
    readonly params: {
      readonly account: string
    }
    readonly body: {
      readonly email?: string | null | undefined
      readonly displayName?: string | null | undefined
    }
    readonly reply: Account
  }
  readonly deleteAccount: {
    readonly params: {
      readonly account: string
    }
    readonly reply: undefined
  }
  readonly setAccountState: {
    readonly params: {
      readonly account: string
    }
    readonly body: {
      readonly state: 'active' | 'disabled'
    }
    readonly reply: undefined
  }
  readonly resetPassword: {
    readonly params: {
      readonly account: string
    }
    readonly body: {
      readonly password: string
    }
    readonly reply: undefined
  }
  readonly importAccounts: {
    readonly body: {
      readonly htpasswd: string
    }
    readonly reply: AccountImport
  }
  readonly listGroups: {
    readonly query?: {
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly Group[]
      readonly next?: string | undefined
    }
  }
  readonly createGroup: {
    readonly body: {
      readonly name: string
    }
    readonly reply: Group
  }
  readonly getGroup: {
    readonly params: {
      readonly group: string
    }
    readonly reply: Group
  }
  readonly deleteGroup: {
    readonly params: {
      readonly group: string
    }
    readonly reply: undefined
  }
  readonly listMembers: {
    readonly params: {
      readonly group: string
    }
    readonly query?: {
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly Member[]
      readonly next?: string | undefined
    }
  }
  readonly addMember: {
    readonly params: {
      readonly group: string
      readonly account: string
    }
    readonly reply: undefined
  }
  readonly removeMember: {
    readonly params: {
      readonly group: string
      readonly account: string
    }
    readonly reply: undefined
  }
  readonly listRobots: {
    readonly params: {
      readonly project: string
    }
    readonly query?: {
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly Robot[]
      readonly next?: string | undefined
    }
  }
  readonly createRobot: {
    readonly params: {
      readonly project: string
    }
    readonly body: {
      readonly name: string
      readonly description?: string | undefined
      readonly expiresIn?: number | undefined
      readonly rights: readonly ({
        readonly project?: string | undefined
        readonly pattern?: string | undefined
        readonly permissions: readonly string[]
      })[]
    }
    readonly reply: NewRobot
  }
  readonly getRobot: {
    readonly params: {
      readonly project: string
      readonly robot: string
    }
    readonly reply: RobotWithRights
  }
  readonly updateRobot: {
    readonly params: {
      readonly project: string
      readonly robot: string
    }
    readonly body: {
      readonly description?: string | null | undefined
      readonly state?: 'active' | 'disabled' | undefined
      readonly expiresIn?: number | null | undefined
      readonly rights?: readonly ({
        readonly project?: string | undefined
        readonly pattern?: string | undefined
        readonly permissions: readonly string[]
      })[] | undefined
    }
    readonly reply: RobotWithRights
  }
  readonly deleteRobot: {
    readonly params: {
      readonly project: string
      readonly robot: string
    }
    readonly reply: undefined
  }
  readonly rotateRobot: {
    readonly params: {
      readonly project: string
      readonly robot: string
    }
    readonly body: {
      readonly overlap?: number | undefined
    }
    readonly reply: RotatedRobot
  }
  readonly listSystemRobots: {
    readonly query?: {
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly Robot[]
      readonly next?: string | undefined
    }
  }
  readonly createSystemRobot: {
    readonly body: {
      readonly name: string
      readonly description?: string | undefined
      readonly expiresIn?: number | undefined
      readonly rights: readonly ({
        readonly project?: string | undefined
        readonly pattern?: string | undefined
        readonly permissions: readonly string[]
      })[]
    }
    readonly reply: NewRobot
  }
  readonly getSystemRobot: {
    readonly params: {
      readonly robot: string
    }
    readonly reply: RobotWithRights
  }
  readonly updateSystemRobot: {
    readonly params: {
      readonly robot: string
    }
    readonly body: {
      readonly description?: string | null | undefined
      readonly state?: 'active' | 'disabled' | undefined
      readonly expiresIn?: number | null | undefined
      readonly rights?: readonly ({
        readonly project?: string | undefined
        readonly pattern?: string | undefined
        readonly permissions: readonly string[]
      })[] | undefined
    }
    readonly reply: RobotWithRights
  }
  readonly deleteSystemRobot: {
    readonly params: {
      readonly robot: string
    }
    readonly reply: undefined
  }
  readonly rotateSystemRobot: {
    readonly params: {
      readonly robot: string
    }
    readonly body: {
      readonly overlap?: number | undefined
    }
    readonly reply: RotatedSystemRobot
  }
  readonly listTokens: {
    readonly query?: {
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly Token[]
      readonly next?: string | undefined
    }
  }
  readonly createToken: {
    readonly body: {
      readonly name: string
      readonly kind?: 'personal' | 'key' | undefined
      readonly permissions?: readonly string[] | undefined
      readonly project?: string | undefined
      readonly pattern?: string | undefined
      readonly expiresIn?: number | undefined
    }
    readonly reply: NewToken
  }
  readonly deleteToken: {
    readonly params: {
      readonly token: string
    }
    readonly reply: undefined
  }
  readonly listTokensOf: {
    readonly params: {
      readonly account: string
    }
    readonly query?: {
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly Token[]
      readonly next?: string | undefined
    }
  }
  readonly deleteTokenOf: {
    readonly params: {
      readonly account: string
      readonly token: string
    }
    readonly reply: undefined
  }
  readonly listRoles: {
    readonly query?: {
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly Role[]
      readonly next?: string | undefined
    }
  }
  readonly createRole: {
    readonly body: {
      readonly name: string
      readonly permissions: readonly string[]
    }
    readonly reply: Role
  }
  readonly getRole: {
    readonly params: {
      readonly role: string
    }
    readonly reply: Role
  }
  readonly updateRole: {
    readonly params: {
      readonly role: string
    }
    readonly body: {
      readonly permissions: readonly string[]
    }
    readonly reply: Role
  }
  readonly deleteRole: {
    readonly params: {
      readonly role: string
    }
    readonly reply: undefined
  }
  readonly listGrants: {
    readonly params: {
      readonly project: string
    }
    readonly query?: {
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly Grant[]
      readonly next?: string | undefined
    }
  }
  readonly addGrant: {
    readonly params: {
      readonly project: string
    }
    readonly body: {
      readonly subject: {
        readonly kind: 'account' | 'group' | 'robot'
        readonly name: string
      }
      readonly role: string
      readonly pattern?: string | undefined
    }
    readonly reply: NewGrant
  }
  readonly removeGrant: {
    readonly params: {
      readonly project: string
      readonly grant: string
    }
    readonly reply: undefined
  }
  readonly listSystemGrants: {
    readonly query?: {
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly Grant[]
      readonly next?: string | undefined
    }
  }
  readonly addSystemGrant: {
    readonly body: {
      readonly subject: {
        readonly kind: 'account' | 'group' | 'robot'
        readonly name: string
      }
      readonly role: string
      readonly pattern?: string | undefined
    }
    readonly reply: NewSystemGrant
  }
  readonly removeSystemGrant: {
    readonly params: {
      readonly grant: string
    }
    readonly reply: undefined
  }
  readonly listTagRules: {
    readonly params: {
      readonly project: string
    }
    readonly query?: {
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly TagRule[]
      readonly next?: string | undefined
    }
  }
  readonly addTagRule: {
    readonly params: {
      readonly project: string
    }
    readonly body: {
      readonly tags: string
      readonly pattern?: string | undefined
      readonly permissions?: readonly ('tag.create' | 'tag.move' | 'tag.delete')[] | undefined
      readonly roles: readonly string[]
    }
    readonly reply: NewTagRule
  }
  readonly removeTagRule: {
    readonly params: {
      readonly project: string
      readonly rule: string
    }
    readonly reply: undefined
  }
  readonly listAddressRules: {
    readonly params: {
      readonly project: string
    }
    readonly query?: {
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly AddressRule[]
      readonly next?: string | undefined
    }
  }
  readonly addAddressRule: {
    readonly params: {
      readonly project: string
    }
    readonly body: {
      readonly networks: readonly string[]
      readonly permissions?: readonly string[] | undefined
    }
    readonly reply: NewAddressRule
  }
  readonly removeAddressRule: {
    readonly params: {
      readonly project: string
      readonly rule: string
    }
    readonly reply: undefined
  }
  readonly listAccountAddressRules: {
    readonly params: {
      readonly account: string
    }
    readonly query?: {
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly AddressRule[]
      readonly next?: string | undefined
    }
  }
  readonly addAccountAddressRule: {
    readonly params: {
      readonly account: string
    }
    readonly body: {
      readonly networks: readonly string[]
      readonly permissions?: readonly string[] | undefined
    }
    readonly reply: NewAddressRule
  }
  readonly removeAccountAddressRule: {
    readonly params: {
      readonly account: string
      readonly rule: string
    }
    readonly reply: undefined
  }
  readonly listRobotAddressRules: {
    readonly params: {
      readonly project: string
      readonly robot: string
    }
    readonly query?: {
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly AddressRule[]
      readonly next?: string | undefined
    }
  }
  readonly addRobotAddressRule: {
    readonly params: {
      readonly project: string
      readonly robot: string
    }
    readonly body: {
      readonly networks: readonly string[]
      readonly permissions?: readonly string[] | undefined
    }
    readonly reply: NewAddressRule
  }
  readonly removeRobotAddressRule: {
    readonly params: {
      readonly project: string
      readonly robot: string
      readonly rule: string
    }
    readonly reply: undefined
  }
  readonly listSystemRobotAddressRules: {
    readonly params: {
      readonly robot: string
    }
    readonly query?: {
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly AddressRule[]
      readonly next?: string | undefined
    }
  }
  readonly addSystemRobotAddressRule: {
    readonly params: {
      readonly robot: string
    }
    readonly body: {
      readonly networks: readonly string[]
      readonly permissions?: readonly string[] | undefined
    }
    readonly reply: NewAddressRule
  }
  readonly removeSystemRobotAddressRule: {
    readonly params: {
      readonly robot: string
      readonly rule: string
    }
    readonly reply: undefined
  }
  readonly explainOwnAccess: {
    readonly params: {
      readonly project: string
    }
    readonly query?: {
      readonly action: string
      readonly path?: string | undefined
      readonly tag?: string | undefined
    }
    readonly reply: AccessExplanation
  }
  readonly explainAccess: {
    readonly params: {
      readonly project: string
    }
    readonly query?: {
      readonly who: string
      readonly action: string
      readonly path?: string | undefined
      readonly tag?: string | undefined
      readonly address?: string | undefined
    }
    readonly reply: AccessExplanation
  }
  readonly explainSystemAccess: {
    readonly query?: {
      readonly who: string
      readonly action: string
      readonly address?: string | undefined
    }
    readonly reply: AccessExplanation
  }
  readonly listTags: {
    readonly params: {
      readonly project: string
    }
    readonly query?: {
      readonly path: string
      readonly order?: 'name' | 'version' | 'pushed' | 'pulled' | 'size' | undefined
      readonly direction?: 'asc' | 'desc' | undefined
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly Tag[]
      readonly next?: string | undefined
    }
  }
  readonly getTag: {
    readonly params: {
      readonly project: string
    }
    readonly query?: {
      readonly path: string
      readonly tag: string
      readonly at?: string | undefined
    }
    readonly reply: TagThen
  }
  readonly listTagMoves: {
    readonly params: {
      readonly project: string
    }
    readonly query?: {
      readonly path: string
      readonly tag: string
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly TagMove[]
      readonly next?: string | undefined
    }
  }
  readonly revertTag: {
    readonly params: {
      readonly project: string
    }
    readonly query?: {
      readonly path: string
      readonly tag: string
    }
    readonly body: {
      readonly to: string
      readonly expected?: string | null | undefined
    }
    readonly reply: {
      readonly name: string
      readonly digest: string
    }
  }
  readonly listJobKinds: {
    readonly query?: {
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly JobKind[]
      readonly next?: string | undefined
    }
  }
  readonly listJobs: {
    readonly query?: {
      readonly kind?: string | undefined
      readonly state?: 'queued' | 'running' | 'done' | 'failed' | 'cancelled' | undefined
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly Job[]
      readonly next?: string | undefined
    }
  }
  readonly startJob: {
    readonly body: {
      readonly kind: string
      readonly payload?: { readonly [name: string]: unknown } | undefined
    }
    readonly reply: Job
  }
  readonly getJob: {
    readonly params: {
      readonly job: string
    }
    readonly reply: Job
  }
  readonly getJobLog: {
    readonly params: {
      readonly job: string
    }
    readonly query?: {
      readonly after?: number | null | undefined
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly JobLine[]
      readonly next?: string | undefined
    }
  }
  readonly cancelJob: {
    readonly params: {
      readonly job: string
    }
    readonly reply: Job
  }
  readonly getCollection: {
    readonly reply: CollectionState
  }
  readonly startCollection: {
    readonly body: {
      readonly dryRun?: boolean | undefined
      readonly deleteUntagged?: boolean | undefined
    }
    readonly reply: CollectionRun
  }
  readonly listSchedules: {
    readonly query?: {
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly Schedule[]
      readonly next?: string | undefined
    }
  }
  readonly createSchedule: {
    readonly body: {
      readonly name: string
      readonly kind: string
      readonly payload?: { readonly [name: string]: unknown } | undefined
      readonly cron: string
      readonly timeZone?: string | undefined
      readonly enabled?: boolean | undefined
    }
    readonly reply: Schedule
  }
  readonly getSchedule: {
    readonly params: {
      readonly schedule: string
    }
    readonly reply: Schedule
  }
  readonly replaceSchedule: {
    readonly params: {
      readonly schedule: string
    }
    readonly body: {
      readonly kind: string
      readonly payload?: { readonly [name: string]: unknown } | undefined
      readonly cron: string
      readonly timeZone?: string | undefined
      readonly enabled?: boolean | undefined
    }
    readonly reply: Schedule
  }
  readonly deleteSchedule: {
    readonly params: {
      readonly schedule: string
    }
    readonly reply: undefined
  }
  readonly listUsage: {
    readonly query?: {
      readonly from?: string | undefined
      readonly to?: string | undefined
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly ProjectUsage[]
      readonly next?: string | undefined
    }
  }
  readonly listProjectUsage: {
    readonly params: {
      readonly project: string
    }
    readonly query?: {
      readonly from?: string | undefined
      readonly to?: string | undefined
      readonly by?: 'day' | 'repository' | 'actor' | undefined
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly UsagePart[]
      readonly next?: string | undefined
    }
  }
  readonly reportInventory: {
    readonly body: {
      readonly cluster: string
      readonly seenAt?: string | undefined
      readonly digests: readonly string[]
      readonly more?: boolean | undefined
    }
    readonly reply: InventoryReport
  }
  readonly listInventory: {
    readonly query?: {
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly reply: {
      readonly items: readonly InventoryCluster[]
      readonly next?: string | undefined
    }
  }
  readonly planDelete: {
    readonly params: {
      readonly project: string
    }
    readonly query?: {
      readonly path: string
    }
    readonly body: {
      readonly tag?: string | undefined
      readonly digest?: string | undefined
    }
    readonly reply: DeletePlan
  }
}

/** Where every operation is. */
export const operations = {
  whoami: { method: 'GET', path: '/api/v1/whoami' },
  changeOwnPassword: { method: 'PUT', path: '/api/v1/whoami/password' },
  listProjects: { method: 'GET', path: '/api/v1/projects' },
  createProject: { method: 'POST', path: '/api/v1/projects' },
  getProject: { method: 'GET', path: '/api/v1/projects/{project}' },
  updateProject: { method: 'PATCH', path: '/api/v1/projects/{project}' },
  deleteProject: { method: 'DELETE', path: '/api/v1/projects/{project}' },
  renameProject: { method: 'POST', path: '/api/v1/projects/{project}/rename' },
  deleteRepository: { method: 'DELETE', path: '/api/v1/projects/{project}/repository' },
  listTrash: { method: 'GET', path: '/api/v1/projects/{project}/trash' },
  getTrash: { method: 'GET', path: '/api/v1/trash/{trash}' },
  purgeTrash: { method: 'DELETE', path: '/api/v1/trash/{trash}' },
  restoreTrash: { method: 'POST', path: '/api/v1/trash/{trash}/restore' },
  listAccounts: { method: 'GET', path: '/api/v1/accounts' },
  createAccount: { method: 'POST', path: '/api/v1/accounts' },
  getAccount: { method: 'GET', path: '/api/v1/accounts/{account}' },
  updateAccount: { method: 'PATCH', path: '/api/v1/accounts/{account}' },
  deleteAccount: { method: 'DELETE', path: '/api/v1/accounts/{account}' },
  setAccountState: { method: 'PUT', path: '/api/v1/accounts/{account}/state' },
  resetPassword: { method: 'PUT', path: '/api/v1/accounts/{account}/password' },
  importAccounts: { method: 'POST', path: '/api/v1/account-imports' },
  listGroups: { method: 'GET', path: '/api/v1/groups' },
  createGroup: { method: 'POST', path: '/api/v1/groups' },
  getGroup: { method: 'GET', path: '/api/v1/groups/{group}' },
  deleteGroup: { method: 'DELETE', path: '/api/v1/groups/{group}' },
  listMembers: { method: 'GET', path: '/api/v1/groups/{group}/members' },
  addMember: { method: 'PUT', path: '/api/v1/groups/{group}/members/{account}' },
  removeMember: { method: 'DELETE', path: '/api/v1/groups/{group}/members/{account}' },
  listRobots: { method: 'GET', path: '/api/v1/projects/{project}/robots' },
  createRobot: { method: 'POST', path: '/api/v1/projects/{project}/robots' },
  getRobot: { method: 'GET', path: '/api/v1/projects/{project}/robots/{robot}' },
  updateRobot: { method: 'PATCH', path: '/api/v1/projects/{project}/robots/{robot}' },
  deleteRobot: { method: 'DELETE', path: '/api/v1/projects/{project}/robots/{robot}' },
  rotateRobot: { method: 'POST', path: '/api/v1/projects/{project}/robots/{robot}/rotate' },
  listSystemRobots: { method: 'GET', path: '/api/v1/robots' },
  createSystemRobot: { method: 'POST', path: '/api/v1/robots' },
  getSystemRobot: { method: 'GET', path: '/api/v1/robots/{robot}' },
  updateSystemRobot: { method: 'PATCH', path: '/api/v1/robots/{robot}' },
  deleteSystemRobot: { method: 'DELETE', path: '/api/v1/robots/{robot}' },
  rotateSystemRobot: { method: 'POST', path: '/api/v1/robots/{robot}/rotate' },
  listTokens: { method: 'GET', path: '/api/v1/tokens' },
  createToken: { method: 'POST', path: '/api/v1/tokens' },
  deleteToken: { method: 'DELETE', path: '/api/v1/tokens/{token}' },
  listTokensOf: { method: 'GET', path: '/api/v1/accounts/{account}/tokens' },
  deleteTokenOf: { method: 'DELETE', path: '/api/v1/accounts/{account}/tokens/{token}' },
  listRoles: { method: 'GET', path: '/api/v1/roles' },
  createRole: { method: 'POST', path: '/api/v1/roles' },
  getRole: { method: 'GET', path: '/api/v1/roles/{role}' },
  updateRole: { method: 'PUT', path: '/api/v1/roles/{role}' },
  deleteRole: { method: 'DELETE', path: '/api/v1/roles/{role}' },
  listGrants: { method: 'GET', path: '/api/v1/projects/{project}/grants' },
  addGrant: { method: 'POST', path: '/api/v1/projects/{project}/grants' },
  removeGrant: { method: 'DELETE', path: '/api/v1/projects/{project}/grants/{grant}' },
  listSystemGrants: { method: 'GET', path: '/api/v1/grants' },
  addSystemGrant: { method: 'POST', path: '/api/v1/grants' },
  removeSystemGrant: { method: 'DELETE', path: '/api/v1/grants/{grant}' },
  listTagRules: { method: 'GET', path: '/api/v1/projects/{project}/tag-rules' },
  addTagRule: { method: 'POST', path: '/api/v1/projects/{project}/tag-rules' },
  removeTagRule: { method: 'DELETE', path: '/api/v1/projects/{project}/tag-rules/{rule}' },
  listAddressRules: { method: 'GET', path: '/api/v1/projects/{project}/address-rules' },
  addAddressRule: { method: 'POST', path: '/api/v1/projects/{project}/address-rules' },
  removeAddressRule: { method: 'DELETE', path: '/api/v1/projects/{project}/address-rules/{rule}' },
  listAccountAddressRules: { method: 'GET', path: '/api/v1/accounts/{account}/address-rules' },
  addAccountAddressRule: { method: 'POST', path: '/api/v1/accounts/{account}/address-rules' },
  removeAccountAddressRule: { method: 'DELETE', path: '/api/v1/accounts/{account}/address-rules/{rule}' },
  listRobotAddressRules: { method: 'GET', path: '/api/v1/projects/{project}/robots/{robot}/address-rules' },
  addRobotAddressRule: { method: 'POST', path: '/api/v1/projects/{project}/robots/{robot}/address-rules' },
  removeRobotAddressRule: { method: 'DELETE', path: '/api/v1/projects/{project}/robots/{robot}/address-rules/{rule}' },
  listSystemRobotAddressRules: { method: 'GET', path: '/api/v1/robots/{robot}/address-rules' },
  addSystemRobotAddressRule: { method: 'POST', path: '/api/v1/robots/{robot}/address-rules' },
  removeSystemRobotAddressRule: { method: 'DELETE', path: '/api/v1/robots/{robot}/address-rules/{rule}' },
  explainOwnAccess: { method: 'GET', path: '/api/v1/whoami/access/{project}' },
  explainAccess: { method: 'GET', path: '/api/v1/projects/{project}/access' },
  explainSystemAccess: { method: 'GET', path: '/api/v1/access' },
  listTags: { method: 'GET', path: '/api/v1/projects/{project}/tags' },
  getTag: { method: 'GET', path: '/api/v1/projects/{project}/tag' },
  listTagMoves: { method: 'GET', path: '/api/v1/projects/{project}/tag-history' },
  revertTag: { method: 'POST', path: '/api/v1/projects/{project}/tag-revert' },
  listJobKinds: { method: 'GET', path: '/api/v1/job-kinds' },
  listJobs: { method: 'GET', path: '/api/v1/jobs' },
  startJob: { method: 'POST', path: '/api/v1/jobs' },
  getJob: { method: 'GET', path: '/api/v1/jobs/{job}' },
  getJobLog: { method: 'GET', path: '/api/v1/jobs/{job}/log' },
  cancelJob: { method: 'POST', path: '/api/v1/jobs/{job}/cancel' },
  getCollection: { method: 'GET', path: '/api/v1/gc' },
  startCollection: { method: 'POST', path: '/api/v1/gc' },
  listSchedules: { method: 'GET', path: '/api/v1/schedules' },
  createSchedule: { method: 'POST', path: '/api/v1/schedules' },
  getSchedule: { method: 'GET', path: '/api/v1/schedules/{schedule}' },
  replaceSchedule: { method: 'PUT', path: '/api/v1/schedules/{schedule}' },
  deleteSchedule: { method: 'DELETE', path: '/api/v1/schedules/{schedule}' },
  listUsage: { method: 'GET', path: '/api/v1/usage' },
  listProjectUsage: { method: 'GET', path: '/api/v1/projects/{project}/usage' },
  reportInventory: { method: 'POST', path: '/api/v1/inventory' },
  listInventory: { method: 'GET', path: '/api/v1/inventory' },
  planDelete: { method: 'POST', path: '/api/v1/projects/{project}/delete-plan' },
} as const

export type OperationId = keyof typeof operations
