import { expect, test } from 'bun:test'
import { passwordFault } from './password-strength.ts'

test.each([
  'admin', 'Harbor12345', 'password', 'Password123!', 'P@ssw0rd!!2024', 'passw0rd1234', 'Admin12345', 'adminadmin', 'changeme123', 'Welcome2024!',
  '1234567890', '12345678901234', 'qwertyuiop', 'QWERTZUIOP', '1qaz2wsx3edc', 'abcdefghijkl', 'aaaaaaaaaaaa', 'abababababab', '!!!!!!!!!!!!',
  'alice-alice', 'alice12345', 'Alice2024!!', 'minioadmin', 'registry2025', 'correct horse battery staple', '0987654321', 'short1!',
])('%s is refused', (password) => {
  expect(passwordFault(password, { name: 'alice' })).toBeString()
})

test.each(['plum-Canoe 77 riddle', 'xK9#mTq2vLp', 'kitchen-moss-orbit', '密码不容易猜到的一句话呢', 'tr0ub4dor and three', 'abcde-fgxyq-27jdm-qpzna-hhwev'])(
  '%s may be used',
  (password) => {
    expect(passwordFault(password, { name: 'alice', email: 'alice@example.com' })).toBeUndefined()
  },
)

test('the mailbox of the owner is no password, a token is none, and neither is a long text', () => {
  expect(passwordFault('wonderland99', { name: 'al', email: 'wonderland@example.com' })).toContain('name of its owner')
  expect(passwordFault(`brt_${'a'.repeat(43)}`, { name: 'al' })).toContain('token')
  expect(passwordFault('plum canoe '.repeat(30), { name: 'al' })).toContain('more than 256')
})
