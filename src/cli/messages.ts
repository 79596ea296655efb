import type { Language, ProblemCode } from '../config/index.ts'
import { benchTexts } from './bench/texts.ts'
import { remoteTexts } from './remote/texts.ts'
import { startTexts } from './start-texts.ts'

/** What the command line says, in English. A name in braces is a placeholder. */
const en = {
  ...benchTexts.en,
  ...startTexts.en,
  ...remoteTexts.en,
  'help.program': 'Berth, a container image registry.',
  'help.serve': 'Serve the registry until it is told to stop.',
  'help.fsck': 'Check that everything stored is there, name what is not, and say what to do.',
  'help.fsck.deep': 'Read every stored byte and compare it with its digest.',
  'help.fsck.repair': 'Repair what can be; no server may be running.',
  'help.fsck.json': 'Print JSON lines: one for each finding, then a summary.',
  'help.backup': 'Copy everything that is stored into a folder, also while a server runs.',
  'help.backup.to': 'The folder of the backup. A second backup into it copies only what is new.',
  'help.restore': 'Make a new data directory, or a new database, from a backup.',
  'help.restore.from': 'The folder of the backup.',
  'help.copy.json': 'Print the summary as JSON.',
  'help.rebuild-index': 'Make a new database from the recovery segments, when the old one is lost.',
  'help.rebuild-index.older': 'When segments are damaged: restore the older state that was recorded before.',
  'help.config': 'Look at the configuration.',
  'help.config.check': 'Say whether the configuration is valid, or everything that is wrong with it.',
  'help.config.print': 'Print the values in effect as a berth.yaml, each with the place it comes from.',
  'help.config-file': 'The configuration file. Without it: berth.yaml in the working directory, when there is one.',
  'help.default': ' (default: {value})',
  'help.version': 'Print the version.',
  'help.help': 'Print help for a command.',
  'help.usage': 'Usage:',
  'help.options': 'Options:',
  'help.commands': 'Commands:',

  'usage.unknown-flag': 'unknown flag {name}',
  'usage.unknown-command': 'unknown command {name}',
  'usage.missing-value': '{name} needs a value',
  'usage.too-many': 'too many arguments for {name}',
  'usage.required': '{name} is needed',
  'usage.other': 'cannot read the command line: {reason}',
  'usage.see': 'See `berth --help`.',

  'nearest': '; did you mean {nearest}?',
  'problem.count': 'Errors in the configuration: {count}. Nothing was started or changed.',
  'problem.unknown-key': 'unknown key {key}',
  'problem.unknown-variable': 'no key of the configuration has this variable',
  'problem.duplicate-key': '{key} is given twice',
  'problem.secret-twice': '{key} is given both as text and as a file; keep one',
  'problem.not-version': '{value} is not a version of distribution\'s configuration that Berth knows; it knows 0.1',
  'problem.not-distributions': '{key}: {value} is not a value that distribution takes here',
  'problem.refused-key': '{key} cannot be honoured, and ignoring it would change what people can do: {text}',
  'problem.ignored-key': '{key} has no effect: {text}',
  'problem.absent-key': '{key} is not given: {text}',
  'problem.foreign-variable': 'no key of distribution\'s configuration has this variable; it is ignored',
  warning: 'warning: {text}',
  'problem.not-a-value': '{key} must be a single value',
  'problem.not-a-group': '{key} must hold keys and their values',
  'problem.not-yaml': 'not valid YAML: {reason}',
  'problem.file-unreadable': 'cannot read the configuration file {file}: {reason}',
  'problem.secret-unreadable': 'cannot read the file {file}: {reason}',
  'problem.not-an-address': '{key}: {value} is not an address; write HOST:PORT, such as 127.0.0.1:5000 or [::1]:5000',
  'problem.not-a-directory': '{key}: {value} is not the name of a directory',
  'problem.not-a-file': '{key}: {value} is not the name of a file',
  'problem.needs': '{key} has no use without {other}; give both',
  'problem.needs-postgres':
    '{key} {value} divides the work among processes, which needs PostgreSQL: set database.url, or leave {key} out; with SQLite one process does everything',
  'problem.not-a-duration': '{key}: {value} is not a duration; write a whole number and ms, s, m, h or d, such as 90s or 24h',
  'problem.not-a-period': '{key}: {value} is not a duration; write off, or a whole number and ms, s, m, h or d, such as 30d',
  'problem.not-a-size': '{key}: {value} is not a size; write a whole number and KiB, MiB, GiB, KB, MB or GB, such as 8MiB',
  'problem.not-a-rate':
    '{key}: {value} is not a rate; write off, or how much a second: a whole number and KiB, MiB, GiB, KB, MB or GB, such as 16MiB',
  'problem.not-a-count': '{key}: {value} is not a whole number; write digits alone, such as 4096',
  'problem.not-networks': '{key} is no list of IP networks; write it as 10.0.0.0/8, 192.0.2.7, or none',
  'problem.not-a-url': '{key}: {value} is not an address; write https://HOST/PATH',
  'problem.not-an-origin': '{key}: {value} is not an origin; write https://HOST or https://HOST:PORT',
  'problem.not-a-word': '{key}: {value} cannot be said in a header; use up to 255 letters, digits and signs of ASCII, without quotes',
  'problem.not-a-password': '{key} is not one line of 1 to 256 characters',
  'problem.not-a-postgres-url': '{key} is not a PostgreSQL URL; write postgres://USER:PASSWORD@HOST:PORT/DATABASE',
  'problem.not-one-of': '{key}: {value} is not one of {choices}',
  'problem.too-small': '{key}: {value} is too small; the least is {least}',
  'problem.too-large': '{key}: {value} is too large; the most is {most}',

  'source.default': 'default',
  'source.flag': 'flag {name}',
  'check.valid': 'configuration is valid',
  'check.from': 'keys from {place}: {count}',
  'check.defaults': 'all other keys have their default',
  'print.unset': 'not set',

  'serve.ready': 'Berth {version} is serving on {url}',
  'serve.working': 'Berth {version} does the work beside the requests: garbage collection, jobs, the scrubber, recovery segments',
  'serve.data': 'The data is in {data}',
  'serve.ops': 'Metrics and probes for operators: {url}/metrics',
  'serve.open': 'OPEN: there is no login. Anyone who can reach this address may pull, push and delete.',
  'serve.admin': 'Log in as {name} with the password {password}',
  'serve.admin-file': 'It is shown this once, and kept in {file} until it is changed.',
  'serve.admin-given': 'Log in as {name} with the password that admin.password gives.',
  'serve.next': 'Type next:',
  'serve.insecure':
    'On other machines, name this one instead of {address}. The traffic is plain HTTP: put the name and port into ' +
    '"insecure-registries" of their /etc/docker/daemon.json first.',
  'serve.stop': 'Stop it with Ctrl-C.',
  'serve.stopping': 'Stopping: waiting for running requests. A second signal stops at once.',
  'serve.ended': 'berth: the server ended by itself',
  'serve.stop-failed': 'berth: stopping failed: {reason}',


  'copy.progress': '{done} of {total} objects',
  'copy.damaged': 'damaged, and not in the backup: {object}',
  'backup.done':
    'The backup in {folder} is whole. It shows {time}: {rows} rows, {objects} objects ({size}), of which {copied} ({copiedSize}) were new.',
  'backup.stopped': 'Stopped. The backup that was in the folder before is untouched; what was copied is used by the next one.',
  'backup.failed': 'no backup was taken into {folder}: {reason}',
  'restore.done':
    'Restored {data} from the backup of {time}: {rows} rows, {objects} objects ({size}). It is an installation of its own now.',
  'restore.stopped': 'Stopped. No server starts on what is half restored; run the same command again to go on.',
  'restore.failed': 'nothing was restored from {folder}: {reason}',
  'restore.unfinished':
    'the restore from {folder} broke off: {reason}. What was copied is in {data}, and no server starts on it: run the same command again when that is mended, or remove the directory',

  'fsck.affects': 'affects {list}',
  'fsck.more': ', and more',
  'fsck.next': 'what to do: {next}',
  'fsck.repaired': 'repaired as far as possible; if it is found again: {next}',
  'fsck.looked': 'Looked at {blobs} blobs, {manifests} manifests, {tags} tags and {files} files; {hashed} were read and hashed.',
  'fsck.beside': 'A server was running beside the check.',
  'fsck.held': 'The index was rebuilt: nothing is deleted from the store until this check is made while no server runs.',
  'fsck.clean': 'Everything is there. With --deep every byte is compared with its digest, too.',
  'fsck.clean-deep': 'Everything is there, and every byte is what was pushed.',
  'fsck.problems': 'Problems found: {count}. Nothing was changed; --repair does what can be done.',
  'fsck.problems-repaired': 'Problems found: {count}. Repaired: {repaired}. Run the check again to see what is left.',
  'fsck.progress': '{check}: {looked} looked at; {hashed} hashed',
  'fsck.locked':
    'a server uses the data directory {data}, and --repair needs it alone. Stop the server first; without --repair the check may run beside it',
  'fsck.unavailable': 'cannot check: {reason}. Check that the database runs and that database.url is right',
  'fsck.failed': 'cannot check: {reason}',

  'rebuild.restored': 'Restored the state of {at} from {segments} recovery segments. What was changed after that is not in it.',
  'rebuild.counts': 'Repositories: {repositories}, tags: {tags}, manifests: {manifests}, blobs: {blobs} ({size} bytes).',
  'rebuild.until-damage':
    'Segment {segment} was left out with everything after it: {reason}. What was pushed or deleted after that moment is not known: ' +
    'deleted images may be back.',
  'rebuild.missing': 'Blobs whose file is missing or cut off: {count}. They count as missing until they are pushed again:',
  'rebuild.contradictions': 'Entries of the segments that contradict each other and were left out: {count}:',
  'rebuild.next':
    'Nothing is deleted from the store until `berth fsck` finds that all of this is so. Run it now, then start the server with `berth serve`.',
  'rebuild.exists':
    '{found}. A database that is there is never overwritten. If it can be used, start the server; if it is damaged, move its files ' +
    '(berth.db, berth.db-wal, berth.db-shm) to another place, or give database.url an empty database, and run this again',
  'rebuild.failed':
    'the database could not be rebuilt: {reason}. Run this again when that is mended: it begins anew, or says that there is a database, ' +
    'which is whole then',
  'rebuild.nothing-recorded': 'there are no recovery segments in {data} from which a database could be restored: restore it from a backup',
  'rebuild.segments-damaged':
    'recovery segment {segment} can not be used: {reason}. Nothing was changed. Put it back from a copy, or restore the older state of ' +
    '{at} with --older: what was pushed after that is lost, what was deleted after that is back',
  'rebuild.segments-lost':
    'recovery segment {segment} can not be used: {reason}. No older state is recorded. Nothing was changed. Put it back from a copy, or ' +
    'restore the database from a backup',
  'rebuild.other-segments':
    'the recovery segments in {data} belong to another registry (installation {installation}). Nothing was changed. Put those that ' +
    'belong to this directory back in place',
} as const

/** The name of a text. */
export type MessageKey = keyof typeof en

const zhCN: Readonly<Record<MessageKey, string>> = {
  ...benchTexts['zh-CN'],
  ...startTexts['zh-CN'],
  ...remoteTexts['zh-CN'],
  'help.program': 'Berth，容器镜像仓库。',
  'help.serve': '运行镜像仓库，直到收到停止信号。',
  'help.fsck': '检查保存的内容是否都在，指出缺失或损坏之处以及应对方法。',
  'help.fsck.deep': '读取保存的每一个字节，并用摘要核对。',
  'help.fsck.repair': '修复可以修复的问题；不能有正在运行的服务。',
  'help.fsck.json': '以 JSON 行输出：每个问题一行，最后一行为总结。',
  'help.backup': '把保存的全部内容复制到一个文件夹，可以在服务运行时进行。',
  'help.backup.to': '备份所在的文件夹。再次备份到同一文件夹时，只复制新增的内容。',
  'help.restore': '用备份建立新的数据目录或新的数据库。',
  'help.restore.from': '备份所在的文件夹。',
  'help.copy.json': '以 JSON 输出总结。',
  'help.rebuild-index': '数据库丢失后，用恢复段重建一个新的数据库。',
  'help.rebuild-index.older': '恢复段损坏时，恢复到损坏之前记录的较早状态。',
  'help.config': '查看配置。',
  'help.config.check': '检查配置是否有效，并列出全部错误。',
  'help.config.print': '以 berth.yaml 的形式输出实际生效的值，并注明每个值的来源。',
  'help.config-file': '配置文件。不指定时，使用当前工作目录中的 berth.yaml（如果存在）。',
  'help.default': '（默认值：{value}）',
  'help.version': '输出版本号。',
  'help.help': '输出命令的帮助。',
  'help.usage': '用法：',
  'help.options': '选项：',
  'help.commands': '命令：',

  'usage.unknown-flag': '未知的选项 {name}',
  'usage.unknown-command': '未知的命令 {name}',
  'usage.missing-value': '{name} 需要一个值',
  'usage.too-many': '{name} 的参数过多',
  'usage.required': '缺少 {name}',
  'usage.other': '无法理解命令行：{reason}',
  'usage.see': '请参阅 `berth --help`。',

  'nearest': '；您是否想写 {nearest}？',
  'problem.count': '配置中的错误：{count} 处。没有启动任何服务，也没有做任何改动。',
  'problem.unknown-key': '未知的配置项 {key}',
  'problem.unknown-variable': '没有任何配置项使用这个环境变量',
  'problem.duplicate-key': '{key} 出现了两次',
  'problem.secret-twice': '{key} 既直接写了值，又指定了文件；请只保留一种',
  'problem.not-version': '{value} 不是 Berth 认识的 distribution 配置版本；它只认识 0.1',
  'problem.not-distributions': '{key}：{value} 不是 distribution 在这里接受的值',
  'problem.refused-key': '{key} 无法生效，而忽略它会改变人们能做的事：{text}',
  'problem.ignored-key': '{key} 不起作用：{text}',
  'problem.absent-key': '没有给出 {key}：{text}',
  'problem.foreign-variable': 'distribution 的配置中没有任何一项使用这个环境变量；已忽略',
  warning: '警告：{text}',
  'problem.not-a-value': '{key} 必须是单个值',
  'problem.not-a-group': '{key} 必须包含配置项及其值',
  'problem.not-yaml': '不是有效的 YAML：{reason}',
  'problem.file-unreadable': '无法读取配置文件 {file}：{reason}',
  'problem.secret-unreadable': '无法读取文件 {file}：{reason}',
  'problem.not-an-address': '{key}：{value} 不是地址；请写作 HOST:PORT，例如 127.0.0.1:5000 或 [::1]:5000',
  'problem.not-a-directory': '{key}：{value} 不是目录名',
  'problem.not-a-file': '{key}：{value} 不是文件名',
  'problem.needs': '{key} 离开 {other} 就没有用处；请两者都给出',
  'problem.needs-postgres': '{key} 为 {value} 表示由多个进程分工，这需要 PostgreSQL：请设置 database.url，或去掉 {key}；使用 SQLite 时由一个进程完成全部',
  'problem.not-a-duration': '{key}：{value} 不是时长；请写整数加 ms、s、m、h 或 d，例如 90s 或 24h',
  'problem.not-a-period': '{key}：{value} 不是时长；请写 off，或整数加 ms、s、m、h 或 d，例如 30d',
  'problem.not-a-size': '{key}：{value} 不是大小；请写整数加 KiB、MiB、GiB、KB、MB 或 GB，例如 8MiB',
  'problem.not-a-rate': '{key}：{value} 不是速率；请写 off，或每秒的数据量：整数加 KiB、MiB、GiB、KB、MB 或 GB，例如 16MiB',
  'problem.not-a-count': '{key}：{value} 不是整数；请只写数字，例如 4096',
  'problem.not-networks': '{key} 不是 IP 网段的列表；请写作 10.0.0.0/8, 192.0.2.7 的形式，或写 none',
  'problem.not-a-url': '{key}：{value} 不是地址；请写作 https://HOST/PATH',
  'problem.not-an-origin': '{key}：{value} 不是源地址；请写作 https://HOST 或 https://HOST:PORT',
  'problem.not-a-word': '{key}：{value} 无法写在头中；请使用最多 255 个 ASCII 字母、数字和符号，不含引号',
  'problem.not-a-password': '{key} 不是一行 1 到 256 个字符的文字',
  'problem.not-a-postgres-url': '{key} 不是 PostgreSQL 的 URL；请写作 postgres://USER:PASSWORD@HOST:PORT/DATABASE',
  'problem.not-one-of': '{key}：{value} 不在可选值之中：{choices}',
  'problem.too-small': '{key}：{value} 太小；最小为 {least}',
  'problem.too-large': '{key}：{value} 太大；最大为 {most}',

  'source.default': '默认值',
  'source.flag': '选项 {name}',
  'check.valid': '配置有效',
  'check.from': '来自 {place} 的配置项：{count} 项',
  'check.defaults': '其余各项均为默认值',
  'print.unset': '未设置',

  'serve.ready': 'Berth {version} 正在 {url} 提供服务',
  'serve.working': 'Berth {version} 正在做请求之外的工作：垃圾回收、任务、后台校验、恢复段',
  'serve.data': '数据保存在 {data}',
  'serve.ops': '供运维使用的指标与探针：{url}/metrics',
  'serve.open': '开放模式：无需登录。任何能访问该地址的人都可以拉取、推送和删除。',
  'serve.admin': '登录用户名 {name}，密码 {password}',
  'serve.admin-file': '密码只显示这一次；修改之前保存在 {file} 中。',
  'serve.admin-given': '登录用户名 {name}，密码为 admin.password 所设置的密码。',
  'serve.next': '接下来可以输入：',
  'serve.insecure':
    '在其他机器上，请用本机的名称代替 {address}。通信为明文 HTTP：请先把该名称和端口写进那些机器上 /etc/docker/daemon.json 的 "insecure-registries"。',
  'serve.stop': '按 Ctrl-C 停止。',
  'serve.stopping': '正在停止：等待正在处理的请求完成。再发一次信号则立即停止。',
  'serve.ended': 'berth：服务意外结束',
  'serve.stop-failed': 'berth：停止时出错：{reason}',


  'copy.progress': '已处理 {done} 个对象，共 {total} 个',
  'copy.damaged': '已损坏，不在备份中：{object}',
  'backup.done': '{folder} 中的备份是完整的，反映 {time} 的状态：{rows} 行，{objects} 个对象（{size}），其中新复制 {copied} 个（{copiedSize}）。',
  'backup.stopped': '已停止。文件夹中原有的备份没有改动；已经复制的内容下次备份时会继续使用。',
  'backup.failed': '没有备份到 {folder}：{reason}',
  'restore.done': '已用 {time} 的备份恢复 {data}：{rows} 行，{objects} 个对象（{size}）。它现在是一个独立的安装。',
  'restore.stopped': '已停止。只恢复了一部分的目录上不会启动服务；再次运行同一条命令即可继续。',
  'restore.failed': '没有从 {folder} 恢复任何内容：{reason}',
  'restore.unfinished':
    '从 {folder} 的恢复中断：{reason}。已复制的内容在 {data} 中，其上不会启动服务：请在解决问题后再次运行同一条命令，或删除该目录',

  'fsck.affects': '受影响：{list}',
  'fsck.more': '，以及更多',
  'fsck.next': '应当：{next}',
  'fsck.repaired': '已尽可能修复；如果再次出现：{next}',
  'fsck.looked': '检查了 {blobs} 个 blob、{manifests} 个 manifest、{tags} 个标签和 {files} 个文件；读取并核对了 {hashed}。',
  'fsck.beside': '检查期间有服务正在运行。',
  'fsck.held': '索引是重建的：在没有服务运行时完成一次本检查之前，不会删除任何保存的文件。',
  'fsck.clean': '一切都在。加上 --deep 还会用摘要核对每一个字节。',
  'fsck.clean-deep': '一切都在，而且每一个字节都与推送时相同。',
  'fsck.problems': '发现问题：{count} 处。没有做任何改动；--repair 会进行可能的修复。',
  'fsck.problems-repaired': '发现问题：{count} 处，已修复：{repaired} 处。请再次检查，看看还剩下什么。',
  'fsck.progress': '{check}：已检查 {looked} 项；已核对 {hashed}',
  'fsck.locked': '数据目录 {data} 正被一个服务使用，而 --repair 需要独占它。请先停止该服务；不加 --repair 时可以与服务同时运行',
  'fsck.unavailable': '无法检查：{reason}。请确认数据库正在运行，并检查 database.url',
  'fsck.failed': '无法检查：{reason}',

  'rebuild.restored': '已用 {segments} 个恢复段恢复到 {at} 的状态。此后的改动不包含在内。',
  'rebuild.counts': '仓库：{repositories}，标签：{tags}，manifest：{manifests}，blob：{blobs}（{size} 字节）。',
  'rebuild.until-damage': '恢复段 {segment} 及其之后的内容未被使用：{reason}。此后推送或删除了什么无从得知：已删除的镜像可能重新出现。',
  'rebuild.missing': '文件缺失或不完整的 blob：{count} 个。在重新推送之前，它们被视为不存在：',
  'rebuild.contradictions': '恢复段中相互矛盾、未被恢复的条目：{count} 个：',
  'rebuild.next': '在 `berth fsck` 确认以上内容属实之前，不会从存储中删除任何内容。请现在运行它，然后用 `berth serve` 启动服务。',
  'rebuild.exists':
    '{found}。已有的数据库绝不会被覆盖。如果它可用，请直接启动服务；如果它已损坏，请把它的文件（berth.db、berth.db-wal、berth.db-shm）移到别处，或让 database.url 指向一个空的数据库，然后重试',
  'rebuild.failed': '未能重建数据库：{reason}。请在解决问题后再次运行本命令：它会重新开始，或者说明数据库已经存在，那么该数据库就是完整的',
  'rebuild.nothing-recorded': '{data} 中没有可用于恢复数据库的恢复段：请从备份恢复',
  'rebuild.segments-damaged':
    '恢复段 {segment} 无法使用：{reason}。没有做任何改动。请从副本放回该文件，或用 --older 恢复到较早的 {at} 的状态：此后推送的内容会丢失，此后删除的内容会重新出现',
  'rebuild.segments-lost': '恢复段 {segment} 无法使用：{reason}。没有更早的记录。没有做任何改动。请从副本放回该文件，或从备份恢复数据库',
  'rebuild.other-segments': '{data} 中的恢复段属于另一个仓库（installation {installation}）。没有做任何改动。请放回属于该目录的恢复段',
}

/** Every text in every language. */
export const messages: Readonly<Record<Language, Readonly<Record<MessageKey, string>>>> = { en, 'zh-CN': zhCN }

/** Says a text in the user's language, its placeholders filled. */
export type Say = (key: MessageKey, values?: Readonly<Record<string, string>>) => string

/** Chooses the language of everything that is said. A placeholder without a value stays as it is. */
export function createSay(language: Language): Say {
  const texts = messages[language]
  return (key, values = {}) => texts[key].replace(/\{(\w+)\}/g, (placeholder, name: string) => values[name] ?? placeholder)
}

/** Every problem of the configuration has its text: a new code without one does not compile. */
export function problemKey(code: ProblemCode): MessageKey {
  return `problem.${code}`
}
