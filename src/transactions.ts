import {
  changeAccount,
  changeAccountState,
  createAccount,
  createFirstAdmin,
  deleteAccount,
  rehashPassword,
  setPassword,
} from './access/accounts/account-transactions.ts'
import { addSigningKey } from './access/bearer-tokens/token-key-transactions.ts'
import { createRefreshToken } from './access/bearer-tokens/token-refresh-transactions.ts'
import { addGrant, removeGrant } from './access/grants/grant-transactions.ts'
import { addMember, createGroup, deleteGroup, removeMemberOf } from './access/groups/group-transactions.ts'
import { recordUse } from './access/login/use-transactions.ts'
import { createToken, revokeToken } from './access/personal-tokens/token-transactions.ts'
import { changeRobot, createRobot, deleteRobot, rotateRobot } from './access/robots/robot-transactions.ts'
import { createRole, removeRole, updateRole } from './access/roles/role-transactions.ts'
import { addAddressRule, addTagRule, removeAddressRule, removeTagRule } from './access/rules/rule-transactions.ts'
import { admitIdentity } from './access/sources/identity-transactions.ts'
import { transactionTable } from './database/index.ts'
import { takeScrubTurn } from './features/integrity/scrub-transactions.ts'
import { clearUsage, keepStoredUsage, recordUsage } from './features/usage/usage-transactions.ts'
import { reportInventory } from './features/inventory/inventory-transactions.ts'
import { bringJobsForward, cancelJob, clearJobs, queueJob } from './jobs/job-transactions.ts'
import { bringForward, changeSchedule, createSchedule, deleteSchedule, fireSchedule } from './jobs/schedule-transactions.ts'
import { claimJob, endRun, releaseRun, renewRun } from './jobs/run-transactions.ts'
import { changeProject, createProject, deleteProject, renameProject } from './projects/project-transactions.ts'
import { purgeProject, restoreProject } from './projects/project-trash-transactions.ts'
import { commitBlob, markDamaged, mountBlob, renewLease } from './registry/blob-transactions.ts'
import { clearProject, clearRepository } from './registry/clear-transactions.ts'
import { collectBlob, collectLink, collectObject, forgetObject, putOffCollection } from './registry/collect-transactions.ts'
import { deleteBlob, deleteManifest, deleteTag } from './registry/delete-transactions.ts'
import { holdCollection, releaseCollection } from './registry/hold-transactions.ts'
import { dropContent, queueAgain, restoreObject } from './registry/integrity-transactions.ts'
import { putManifest } from './registry/manifest-transactions.ts'
import { collectTrash, purgeTrash, putOffPurge } from './registry/purge-transactions.ts'
import { deleteRepository, purgeRepository, restoreRepository } from './registry/repository-transactions.ts'
import { restoreTrash } from './registry/restore-transactions.ts'
import { collectManifest, putOffManifest } from './registry/untagged-transactions.ts'
import { changeRepositoryState } from './registry/state-transactions.ts'
import { revertTag } from './registry/tag-transactions.ts'
import {
  advanceUpload,
  cancelUpload,
  claimUpload,
  expireUpload,
  nameUploadObject,
  touchUpload,
} from './registry/upload-transactions.ts'

/** What may use the last room on a full disk, since it leads to more: deletes, the collector's steps, the end of an upload. */
const freeing = [
  cancelUpload,
  expireUpload,
  deleteTag,
  deleteManifest,
  deleteBlob,
  deleteProject,
  clearProject,
  purgeProject,
  deleteRepository,
  purgeRepository,
  clearRepository,
  collectLink,
  collectBlob,
  collectObject,
  forgetObject,
  putOffCollection,
  collectManifest,
  putOffManifest,
  purgeTrash,
  collectTrash,
  putOffPurge,
  releaseCollection,
  clearJobs,
  clearUsage,
]

/**
 * The second composition root: everything that may write, by name. SQLite's writer thread imports it and nothing else of
 * the program, so that what runs there can be seen here.
 */
export const transactions = transactionTable(
  [
    claimUpload,
    advanceUpload,
    touchUpload,
    nameUploadObject,
    commitBlob,
    mountBlob,
    renewLease,
    markDamaged,
    restoreObject,
    dropContent,
    queueAgain,
    takeScrubTurn,
    putManifest,
    revertTag,
    restoreTrash,
    changeRepositoryState,
    holdCollection,
    addSigningKey,
    createRefreshToken,
    createProject,
    changeProject,
    renameProject,
    restoreProject,
    restoreRepository,
    addGrant,
    removeGrant,
    createRole,
    updateRole,
    removeRole,
    addTagRule,
    removeTagRule,
    addAddressRule,
    removeAddressRule,
    createAccount,
    createFirstAdmin,
    changeAccount,
    changeAccountState,
    setPassword,
    rehashPassword,
    deleteAccount,
    admitIdentity,
    createGroup,
    deleteGroup,
    addMember,
    removeMemberOf,
    createRobot,
    changeRobot,
    rotateRobot,
    deleteRobot,
    createToken,
    revokeToken,
    recordUse,
    recordUsage,
    keepStoredUsage,
    reportInventory,
    queueJob,
    cancelJob,
    bringJobsForward,
    claimJob,
    renewRun,
    endRun,
    releaseRun,
    createSchedule,
    changeSchedule,
    deleteSchedule,
    fireSchedule,
    bringForward,
  ],
  freeing,
)
