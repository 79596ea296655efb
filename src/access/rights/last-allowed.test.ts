import { expect, test } from 'bun:test'
import { parseRepositoryName, type Tag } from '../../oci/index.ts'
import type { Principal } from '../principal.ts'
import { createLastAllowed } from './last-allowed.ts'

const principal: Principal = { kind: 'account', id: 1, version: 1, name: 'alice', groups: [], ceilings: [], mustChange: false } as never
const app = parseRepositoryName('team/app')
const allowed = { allowed: true, rule: 'a grant', project: 1, hidden: false, narrowed: false }

test('finds what was asked in the same way, and nothing else', () => {
  const last = createLastAllowed()
  last.note(principal, 'content.pull', { repository: app }, '10.0.0.1', allowed)
  expect(last.find(principal, 'content.pull', { repository: app }, '10.0.0.1')).toBe(allowed)
  expect(last.find({ ...principal }, 'content.pull', { repository: app }, '10.0.0.1')).toBeUndefined()
  expect(last.find(undefined, 'content.pull', { repository: app }, '10.0.0.1')).toBeUndefined()
  expect(last.find(principal, 'content.push', { repository: app }, '10.0.0.1')).toBeUndefined()
  expect(last.find(principal, 'content.pull', { repository: parseRepositoryName('team/other') }, '10.0.0.1')).toBeUndefined()
  expect(last.find(principal, 'content.pull', { project: 'team' }, '10.0.0.1')).toBeUndefined()
  expect(last.find(principal, 'content.pull', { repository: app }, '10.0.0.2')).toBeUndefined()
  expect(last.find(principal, 'content.pull', { repository: app, tag: 'v1' as Tag }, '10.0.0.1')).toBeUndefined()
})

test('keeps no refusal, nothing about a tag, and nothing about whoever is nobody', () => {
  const last = createLastAllowed()
  last.note(principal, 'content.pull', { repository: app }, '10.0.0.1', { ...allowed, allowed: false })
  last.note(principal, 'tag.move', { repository: app, tag: 'v1' as Tag }, '10.0.0.1', allowed)
  last.note(undefined, 'content.pull', { repository: app }, '10.0.0.1', allowed)
  last.note(principal, 'project.read', { project: 'team' }, '10.0.0.1', allowed)
  expect(last.find(principal, 'content.pull', { repository: app }, '10.0.0.1')).toBeUndefined()
  expect(last.find(principal, 'tag.move', { repository: app }, '10.0.0.1')).toBeUndefined()
  expect(last.find(undefined, 'content.pull', { repository: app }, '10.0.0.1')).toBeUndefined()
  expect(last.find(principal, 'project.read', { project: 'team' }, '10.0.0.1')).toBeUndefined()
})
