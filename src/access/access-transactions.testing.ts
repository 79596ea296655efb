import { transactionTable } from '../database/index.ts'
import * as ofAccounts from './account-transactions.ts'
import { addGrant, removeGrant } from './grant-transactions.ts'
import * as ofGroups from './group-transactions.ts'
import { changeRobot, createRobot, deleteRobot, rotateRobot } from './robot-transactions.ts'
import { createRole, removeRole, updateRole } from './role-transactions.ts'
import { addAddressRule, addTagRule, removeAddressRule, removeTagRule } from './rule-transactions.ts'
import * as ofTokens from './token-transactions.ts'
import { recordUse } from './use-transactions.ts'

/** Everything that changes who may do what. */
export const accessTransactions = transactionTable([
  ...[ofAccounts, ofGroups, ofTokens].flatMap((of) => Object.values(of)),
  changeRobot,
  createRobot,
  deleteRobot,
  rotateRobot,
  recordUse,
  addGrant,
  removeGrant,
  createRole,
  updateRole,
  removeRole,
  addTagRule,
  removeTagRule,
  addAddressRule,
  removeAddressRule,
])
