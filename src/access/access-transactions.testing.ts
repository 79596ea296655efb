import { transactionTable } from '../database/index.ts'
import * as ofAccounts from './accounts/account-transactions.ts'
import { addGrant, removeGrant } from './grants/grant-transactions.ts'
import * as ofGroups from './groups/group-transactions.ts'
import { recordUse } from './login/use-transactions.ts'
import * as ofTokens from './personal-tokens/token-transactions.ts'
import { changeRobot, createRobot, deleteRobot, rotateRobot } from './robots/robot-transactions.ts'
import { createRole, removeRole, updateRole } from './roles/role-transactions.ts'
import { addAddressRule, addTagRule, removeAddressRule, removeTagRule } from './rules/rule-transactions.ts'

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
