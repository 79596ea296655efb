import { z } from 'zod'
import { key } from './documented-key.ts'
import { count, duration, period } from './values.ts'

/** The keys of `gc`. */
export const collectionKeys = z.strictObject({
  lease: key(duration('1s', '3650d').prefault('24h'), {
    en: 'How long a blob that no manifest refers to is kept for the push it belongs to. Longer than your slowest push.',
    zh: '尚未被任何 manifest 引用的 blob 为所属的推送保留多久。应当长于最慢的一次推送。',
  }),
  drain: key(duration('0s', '3650d').prefault('15m'), {
    en: 'How long the file of a collected blob stays on disk, so that downloads that already began can end.',
    zh: '被回收的 blob 的文件在删除之前还要保留多久，让已经开始的下载能够完成。',
  }),
  interval: key(duration('100ms', '1d').prefault('60s'), {
    en: 'How long garbage collection rests once nothing is left to do, and after a failure.',
    zh: '垃圾回收在没有可做的事之后，以及失败之后，休息多久。',
  }),
  untagged: key(period('0s', '3650d').prefault('30d'), {
    en:
      'How long an image stays that no tag, index or subject names: so long after the last tag left it, or after it was pushed by ' +
      'digest, and never less than `gc.lease`. `0s` for no longer than that; `off` to keep all of them for ever.',
    zh: '不再有标签、索引或 subject 指向的镜像保留多久：从最后一个标签离开它、或以摘要推送它时算起，且不少于 `gc.lease`。`0s` 表示不再多留；`off` 表示永远保留。',
  }),
  rate: key(count(1, 1_000_000).optional(), {
    en:
      'How many things a second garbage collection looks at in this process, blobs and files of deleted images each counted by themselves: ' +
      'to leave a slow disk or database to requests. When it is not set, it rests after every few of them for as long as they took, so that it makes ' +
      'way for requests and goes fast while there are none; when it has not caught up for ten minutes, or a tenth of `gc.lease` where that is less, it goes on without a rest until nothing waits.',
    zh: '本进程的垃圾回收每秒处理多少项（被删除镜像的每个 blob 和文件各算一项），用于把较慢的磁盘或数据库让给请求。不设置时，每处理几项就休息同样长的时间：有请求时让路，空闲时加快；十分钟（或 `gc.lease` 的十分之一，取较短者）内一直处理不完时，不再休息，直到没有等待的内容。',
  }),
})
