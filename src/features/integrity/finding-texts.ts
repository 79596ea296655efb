import type { FindingCode } from './finding.ts'

/** What a code means, and what to do next, for a person. */
export interface FindingText {
  readonly what: string
  readonly next: string
}

/** The languages of messages, as src/config names them. */
export type FindingLanguage = 'en' | 'zh-CN'

const pushAgain = 'push it again to any repository that has it, then all of them have it; or restore this file from a backup'
const pushImage = 'push the image again'
const repair = 'run `berth fsck --repair`'
const restore = 'somebody changed the database by hand, or it is damaged: restore it from a backup, or push what is affected again'

const en: Readonly<Record<FindingCode, FindingText>> = {
  'object-missing': { what: 'the file of a blob is missing', next: pushAgain },
  'object-truncated': { what: 'the file of a blob was cut off', next: pushAgain },
  'object-too-long': { what: 'the file of a blob is longer than the blob', next: pushAgain },
  'object-corrupt': { what: 'the file of a blob has other bytes than were pushed', next: pushAgain },
  'object-unreadable': {
    what: 'the file of a blob cannot be read',
    next: `look at the disk and at the rights of the file; if it stays unreadable, remove the file, ${repair} and push the blob again`,
  },
  'object-damaged': { what: 'a blob is marked damaged and not served', next: pushAgain },
  'object-whole-again': { what: 'a blob is marked damaged, but its bytes are whole', next: `${repair}, which serves it again` },
  'object-without-blob': { what: 'a file is kept that no blob needs', next: `${repair}, which leaves it to the collector` },
  'object-not-queued': { what: 'a file is to go, but the collector forgot it', next: repair },
  'content-corrupt': { what: 'the database has other bytes for a manifest or a small blob than were pushed', next: pushImage },
  'content-without-blob': { what: 'the database has bytes that belong to no blob', next: restore },
  'blob-without-bytes': { what: 'a blob has no bytes', next: pushImage },
  'blob-object-unknown': { what: 'a blob names a file that the database does not know', next: pushImage },
  'blob-object-not-live': { what: 'a blob names a file that is not finished or is to go', next: pushImage },
  'blob-not-queued': { what: 'nothing holds a blob, but the collector forgot it', next: repair },
  'link-dangling': { what: 'a repository holds a blob, and one of the two is not there', next: restore },
  'link-not-queued': { what: 'no manifest needs a blob of a repository, but the collector forgot it', next: repair },
  'manifest-dangling': { what: 'a manifest does not belong to its repository or its bytes', next: restore },
  'manifest-without-bytes': { what: 'a manifest has no bytes', next: pushImage },
  'manifest-not-in-trash': { what: 'a manifest was deleted, but the trash forgot it', next: 'push the image again; delete it after that if it is to go' },
  'manifest-child-missing': { what: 'a manifest names a blob or manifest that its repository does not have', next: pushImage },
  'manifest-not-noted': { what: 'nothing names a manifest, but the collector forgot it', next: repair },
  'reference-dangling': { what: 'a reference belongs to a manifest or repository that is not there', next: restore },
  'tag-dangling': { what: 'a tag points at a manifest that is not there', next: 'push the tag again, or delete it' },
  'upload-dangling': { what: 'an upload belongs to a repository or a file that is not there', next: 'begin the upload again' },
  'upload-bytes-missing': { what: 'an unfinished upload lost bytes that it acknowledged', next: 'begin the upload again' },
  'upload-not-queued': { what: 'an upload will never expire, since the collector forgot it', next: repair },
  'file-unknown': {
    what: 'a file is stored that the database does not know',
    next: `if the database is the newest one, ${repair}, which removes it; if it was restored from a backup, keep the file`,
  },
  'file-misplaced': { what: 'a file has another name than the database gave it', next: 'move it where it belongs, or remove it' },
  'file-foreign': { what: 'this file is none of Berth', next: 'move it elsewhere' },
  'database-corrupt': { what: 'the database file is damaged', next: 'stop the server and restore the database from a backup' },
}

const pushAgainZh = '把它重新推送到任何一个包含它的仓库，所有仓库即可恢复；或者从备份恢复该文件'
const pushImageZh = '重新推送该镜像'
const repairZh = '运行 `berth fsck --repair`'
const restoreZh = '数据库被人手工改动过，或者已经损坏：请从备份恢复，或重新推送受影响的内容'

const zhCN: Readonly<Record<FindingCode, FindingText>> = {
  'object-missing': { what: '某个 blob 的文件不见了', next: pushAgainZh },
  'object-truncated': { what: '某个 blob 的文件不完整', next: pushAgainZh },
  'object-too-long': { what: '某个 blob 的文件比 blob 本身长', next: pushAgainZh },
  'object-corrupt': { what: '某个 blob 的文件内容与推送时不同', next: pushAgainZh },
  'object-unreadable': {
    what: '某个 blob 的文件无法读取',
    next: `请检查磁盘和文件权限；如果始终无法读取，请删除该文件，${repairZh}，再重新推送该 blob`,
  },
  'object-damaged': { what: '某个 blob 已标记为损坏，不再提供', next: pushAgainZh },
  'object-whole-again': { what: '某个 blob 标记为损坏，但其内容是完好的', next: `${repairZh}，即可重新提供` },
  'object-without-blob': { what: '保存着一个没有 blob 需要的文件', next: `${repairZh}，交给回收程序处理` },
  'object-not-queued': { what: '某个文件应当删除，但回收程序遗漏了它', next: repairZh },
  'content-corrupt': { what: '数据库中某个 manifest 或小 blob 的内容与推送时不同', next: pushImageZh },
  'content-without-blob': { what: '数据库中有不属于任何 blob 的内容', next: restoreZh },
  'blob-without-bytes': { what: '某个 blob 没有内容', next: pushImageZh },
  'blob-object-unknown': { what: '某个 blob 指向数据库不认识的文件', next: pushImageZh },
  'blob-object-not-live': { what: '某个 blob 指向尚未完成或即将删除的文件', next: pushImageZh },
  'blob-not-queued': { what: '某个 blob 已无人使用，但回收程序遗漏了它', next: repairZh },
  'link-dangling': { what: '某个仓库包含某个 blob，但二者之一并不存在', next: restoreZh },
  'link-not-queued': { what: '仓库中某个 blob 已没有 manifest 需要，但回收程序遗漏了它', next: repairZh },
  'manifest-dangling': { what: '某个 manifest 与其仓库或内容对不上', next: restoreZh },
  'manifest-without-bytes': { what: '某个 manifest 没有内容', next: pushImageZh },
  'manifest-not-in-trash': { what: '某个 manifest 已删除，但回收站遗漏了它', next: '重新推送该镜像；如果仍要删除，之后再删除一次' },
  'manifest-child-missing': { what: '某个 manifest 引用了其仓库中没有的 blob 或 manifest', next: pushImageZh },
  'manifest-not-noted': { what: '已没有任何内容指向某个 manifest，但回收程序遗漏了它', next: repairZh },
  'reference-dangling': { what: '某条引用所属的 manifest 或仓库不存在', next: restoreZh },
  'tag-dangling': { what: '某个标签指向不存在的 manifest', next: '重新推送该标签，或删除它' },
  'upload-dangling': { what: '某个上传所属的仓库或文件不存在', next: '重新开始上传' },
  'upload-bytes-missing': { what: '某个未完成的上传丢失了已确认的数据', next: '重新开始上传' },
  'upload-not-queued': { what: '某个上传永远不会过期，因为回收程序遗漏了它', next: repairZh },
  'file-unknown': {
    what: '保存着一个数据库不认识的文件',
    next: `如果数据库是最新的，${repairZh}，即可删除它；如果数据库是从备份恢复的，请保留该文件`,
  },
  'file-misplaced': { what: '某个文件的名称与数据库记录的不同', next: '把它移到正确的位置，或删除它' },
  'file-foreign': { what: '该文件不属于 Berth', next: '请把它移到别处' },
  'database-corrupt': { what: '数据库文件已损坏', next: '停止服务，并从备份恢复数据库' },
}

const texts: Readonly<Record<FindingLanguage, typeof en>> = { en, 'zh-CN': zhCN }

/** Every code, in the order in which the guide lists them. */
export const codes = Object.keys(en) as readonly FindingCode[]

export function textOf(code: FindingCode, language: FindingLanguage): FindingText {
  return texts[language][code]
}
