/** What `berth gc` and `berth garbage-collect` say at the end. */
export const collectionTexts = {
  en: {
    'gc.freed': 'Freed {bytes} (files: {count}).',
    'gc.would-free': 'Would free {bytes} (files: {count}). Nothing was changed.',
    'gc.blobs': 'blobs that no repository needs any more: {count} ({bytes}); those that are files go gc.drain later',
    'gc.links': 'blobs that a repository needs no more, others may: {count}',
    'gc.manifests': 'images that nothing names any more: {count}',
    'gc.trash': 'ended in the trash, whose time was over: {count}',
    'gc.uploads': 'unfinished uploads that were given up: {count}',
    'gc.failed': 'could not be looked at: {count}; they are looked at again in ten minutes, and the log of the server says why',
    'gc.stored': 'stored, as counted at {countedAt}: {before} (blobs: {blobsBefore}) before, {after} (blobs: {blobsAfter}) after',
  },
  'zh-CN': {
    'gc.freed': '已释放 {bytes}（文件：{count} 个）。',
    'gc.would-free': '将释放 {bytes}（文件：{count} 个）。没有做任何更改。',
    'gc.blobs': '没有仓库再需要的 blob：{count} 个（{bytes}）；其中的文件在 gc.drain 之后删除',
    'gc.links': '某个仓库不再需要、其他仓库可能仍需要的 blob：{count} 个',
    'gc.manifests': '不再有任何内容指向的镜像：{count} 个',
    'gc.trash': '回收站中到期而清除的内容：{count} 项',
    'gc.uploads': '已放弃的未完成上传：{count} 个',
    'gc.failed': '无法处理：{count} 项；十分钟后会再次处理，原因见服务器日志',
    'gc.stored': '存储（统计于 {countedAt}）：之前 {before}（blob：{blobsBefore} 个），之后 {after}（blob：{blobsAfter} 个）',
  },
}
