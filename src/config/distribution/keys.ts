import { formatDuration } from '../../lib/index.ts'
import type { Text } from '../problem.ts'
import { parseGoDuration } from './go-duration.ts'

/**
 * One key of distribution's `config.yml` (v2.8 and v3), and what becomes of it here:
 *
 * - `sets`: a key of Berth takes its value, as `read` says.
 * - `ignored`: it has no meaning here. Whoever gives it is told what Berth does instead, and the server starts.
 * - `refused`: without it the registry would let people do or see something that the operator has excluded, or clients would not
 *   find what they ask for. The server does not start until the key is gone.
 *
 * The words in `same` ask for what Berth does anyway: nothing is said about them.
 */
export type DistributionKey = {
  /** As the documentation of distribution writes it: `storage.delete.enabled`. */
  readonly path: string
  /** The key stands for everything below it. */
  readonly section: boolean
  readonly text: Text
} & ({ readonly fate: 'sets'; readonly sets: string; readonly read: Reader } | Unheard)

interface Unheard {
  readonly fate: 'ignored' | 'refused'
  readonly same: readonly string[]
  /** What is to be known when a whole file does not give the key. */
  readonly absent?: Text
}

/** Turns a value into the text of Berth's key. Null when the value leaves the key as it is, undefined when it cannot be read. */
export type Reader = (text: string) => string | null | undefined

/** The longest that `uploads.expiry` can be: as good as never. */
const never = '3650d'
const levels = ['error', 'warn', 'info', 'debug']

const asWritten: Reader = (text) => text
/** Go takes no host for all addresses of both families, which is what `::` is to the system. */
const address: Reader = (text) => (text.startsWith(':') ? `[::]${text}` : text)
const level: Reader = (text) => levels.find((one) => one === text.toLowerCase())
const sparse = new Map([['all', 'off'], ['list', 'off'], ['none', 'index']])
const platforms: Reader = (text) => sparse.get(text.toLowerCase())

const tlsVersions = new Map([['tls1.0', '1.2'], ['tls1.1', '1.2'], ['tls1.2', '1.2'], ['tls1.3', '1.3']])

function neverIf(word: 'true' | 'false'): Reader {
  return (text) => (text === word ? never : text === 'true' || text === 'false' ? null : undefined)
}

function duration(text: string): string | undefined {
  const ms = parseGoDuration(text)
  return ms === undefined ? undefined : formatDuration(ms)
}

/**
 * Every key. File and environment are read by it, and the guide is written from it; nothing about a key is said anywhere else.
 * Where two set the same key, the earlier row goes first.
 */
export const distributionKeys: readonly DistributionKey[] = [
  sets('http.addr', 'listen', address, {
    en: 'No host, as in `:5000`, is every address of the machine.',
    zh: '不写主机名（例如 `:5000`）表示本机的所有地址。',
  }),
  sets('http.host', 'http.external_url', asWritten, {
    en: 'Where clients are told to get tokens. Locations are paths, which they resolve against the name they asked.',
    zh: '告知客户端到哪里获取令牌。Location 则是路径，客户端会以自己访问的名称补全。',
  }),
  sets('http.draintimeout', 'http.drain', duration, {
    en: 'How long a shutdown waits for running requests.',
    zh: '关闭时等待正在处理的请求多久。',
  }),
  sets('http.debug.addr', 'ops.listen', address, {
    en: 'Metrics under the names of distribution, probes and profiles: [monitoring](monitoring.md).',
    zh: '沿用 distribution 名称的指标、探针和性能采样：见[监控](monitoring.md)。',
  }),
  sets('http.tls.certificate', 'tls.certificate', asWritten, {
    en: 'With the certificates that lead to its issuer. A new one is taken over without a restart.',
    zh: '包括通往签发者的中间证书。更换证书不需要重启。',
  }),
  sets('http.tls.key', 'tls.key', asWritten, { en: 'Not encrypted.', zh: '不加密。' }),
  sets('http.tls.minimumtls', 'tls.minimum', (text) => tlsVersions.get(text), {
    en: '`tls1.0` and `tls1.1`, which nobody should speak any more, become `1.2`.',
    zh: '`tls1.0` 和 `tls1.1` 已不应使用，变为 `1.2`。',
  }),
  sets('log.level', 'log.level', level, {
    en: 'One of `error`, `warn`, `info`, `debug`.',
    zh: '`error`、`warn`、`info`、`debug` 之一。',
  }),
  sets('loglevel', 'log.level', level, {
    en: 'The old name of `log.level`, which goes first.',
    zh: '`log.level` 的旧名；同时给出时以 `log.level` 为准。',
  }),
  sets('storage.filesystem.rootdirectory', 'data', asWritten, {
    en:
      'The directory must not be one that distribution has written to: its files are neither read nor touched. When it is ' +
      'not given, `data` has its own default, not `/var/lib/registry`.',
    zh: '该目录不能是 distribution 写过的目录：Berth 不会读取也不会改动它的文件。没有给出时使用 `data` 自己的默认值，而不是 `/var/lib/registry`。',
  }),
  sets('storage.maintenance.uploadpurging.enabled', 'uploads.expiry', neverIf('false'), {
    en: '`false` becomes `3650d`; `true` leaves it to `age`.',
    zh: '`false` 变为 `3650d`；`true` 则由 `age` 决定。',
  }),
  sets('storage.maintenance.uploadpurging.dryrun', 'uploads.expiry', neverIf('true'), {
    en: '`true` becomes `3650d`; `false` leaves it to `age`.',
    zh: '`true` 变为 `3650d`；`false` 则由 `age` 决定。',
  }),
  sets('storage.maintenance.uploadpurging.age', 'uploads.expiry', duration, {
    en:
      'Counted from the last bytes that came, not from the first. When it is not given, the default of `uploads.expiry` ' +
      'holds, not 168 hours.',
    zh: '从最后一次收到数据时算起，而不是从开始时算起。没有给出时使用 `uploads.expiry` 的默认值，而不是 168 小时。',
  }),
  sets('validation.manifests.indexes.platforms', 'push.sparse', platforms, {
    en: '`none` becomes `index`; `all` becomes `off`, and so does `list`, since Berth does not tell platforms apart.',
    zh: '`none` 变为 `index`；`all` 变为 `off`，`list` 也变为 `off`，因为 Berth 不区分平台。',
  }),

  sets('auth.token.realm', 'token.realm', asWritten, {
    en: 'That token service decides alone who may do what, as it does there.',
    zh: '由该令牌服务单独决定谁可以做什么，与 distribution 相同。',
  }),
  sets('auth.token.service', 'token.service', asWritten, { en: 'The audience of its tokens.', zh: '其令牌的受众。' }),
  sets('auth.token.issuer', 'token.issuer', asWritten, { en: 'What it calls itself.', zh: '其自称。' }),
  sets('auth.token.rootcertbundle', 'token.root_certificates', asWritten, {
    en: 'A token brings a chain in `x5c` that ends in one of these certificates, or names the key of one in `kid`.',
    zh: '令牌在 `x5c` 中带有以其中某个证书为终点的证书链，或在 `kid` 中指明其中某个证书的密钥。',
  }),
  sets('auth.token.jwks', 'token.jwks', asWritten, { en: 'The keys that it signs with.', zh: '其签名所用的密钥。' }),
  ignored('auth.token.signingalgorithms', [''], {
    en: 'each key is for the one algorithm that its type has here: ES256, EdDSA or RS256',
    zh: '每个密钥只用于其类型对应的算法：ES256、EdDSA 或 RS256',
  }),
  refused('auth.token.autoredirect', ['false'], {
    en: 'Berth sends clients to the realm that is written here and to no other; write its whole address',
    zh: 'Berth 只会把客户端引到这里写明的 realm；请写出完整地址',
  }),
  ignored('auth.token.autoredirectpath', [''], {
    en: 'the realm is the whole address',
    zh: 'realm 就是完整地址',
  }),
  ignoredSection('auth.none', [''], {
    en: 'Berth asks for a login unless it is started with `--open`',
    zh: 'Berth 要求登录，除非以 `--open` 启动',
  }),
  refusedSection('auth', [], {
    en: 'Berth has accounts of its own, and the passwords of this section would not be asked for. Make accounts for these people, then remove the section',
    zh: 'Berth 有自己的账户，不会使用这一节中的密码。请为这些用户建立账户，然后删除这一节',
  }),
  refusedSection('http.tls.letsencrypt', [''], {
    en: 'Berth does not fetch certificates. Let certbot or the like do it, and name its files in `http.tls.certificate` and `http.tls.key`',
    zh: 'Berth 不会自行获取证书。请由 certbot 等程序获取，并在 `http.tls.certificate` 和 `http.tls.key` 中写明其文件',
  }),
  refusedSection('http.tls.clientcas', [''], {
    en: 'Berth does not ask clients for certificates yet: without this key anyone may connect. Let a proxy in front of it do so',
    zh: 'Berth 目前不验证客户端证书：忽略这一项就等于让任何人都可以连接。请由前面的代理验证',
  }),
  refused('http.tls.clientauth', [''], {
    en: 'Berth does not ask clients for certificates yet: without this key anyone may connect. Let a proxy in front of it do so',
    zh: 'Berth 目前不验证客户端证书：忽略这一项就等于让任何人都可以连接。请由前面的代理验证',
  }),
  refusedSection('proxy', [''], {
    en: 'Berth does not pull from another registry: what was not pushed to it is not there',
    zh: 'Berth 不会从其他仓库拉取：没有推送过的内容就不存在',
  }),
  refusedSection('middleware', [''], {
    en: 'Berth takes no plug-ins, and one of them may be what keeps people out',
    zh: 'Berth 不支持插件，而其中可能就有负责拦截访问的插件',
  }),
  refusedSection('policy', [''], {
    en: 'Berth takes artifacts of every class; remove it if that is all right',
    zh: 'Berth 接受任何类别的制品；如果可以这样，请删除它',
  }),
  refusedSection('validation.manifests.urls', [''], {
    en: 'Berth does not check the URLs of foreign layers; remove it if manifests may name any',
    zh: 'Berth 不检查外部层的 URL；如果 manifest 可以任意指定，请删除它',
  }),
  refused('validation.enabled', ['false'], {
    en: 'Berth does not check the URLs of foreign layers; remove it if manifests may name any',
    zh: 'Berth 不检查外部层的 URL；如果 manifest 可以任意指定，请删除它',
  }),
  ignoredSection('validation.manifests.indexes.platformlist', [''], {
    en: 'an index needs all the images it lists, or with `push.sparse` none of them',
    zh: '索引所列的镜像必须全部存在，或者用 `push.sparse` 允许全部缺少',
  }),
  ignored('validation.disabled', ['true'], {
    en: 'Berth does not check the URLs of foreign layers',
    zh: 'Berth 不检查外部层的 URL',
  }),
  refused('http.prefix', ['', '/'], {
    en: 'Berth serves at `/v2/` only; let a proxy in front of it take the prefix off',
    zh: 'Berth 只在 `/v2/` 提供服务；请由前面的代理去掉前缀',
  }),
  refused('http.net', ['', 'tcp'], { en: 'Berth listens on TCP only', zh: 'Berth 只监听 TCP' }),
  {
    ...refused('storage.delete.enabled', ['true'], {
      en: 'Berth cannot forbid deletes yet: whoever can reach it may delete; remove it if that is all right',
      zh: 'Berth 目前无法禁止删除：任何能访问它的人都可以删除；如果可以这样，请删除这一项',
    }),
    absent: {
      en: 'distribution refuses deletes unless this is true; Berth allows them',
      zh: '除非这一项为 true，否则 distribution 拒绝删除；Berth 则允许删除',
    },
  },
  refused('storage.maintenance.readonly.enabled', ['false'], {
    en: 'Berth cannot be told to refuse pushes. It needs no rest for its garbage collection',
    zh: 'Berth 无法设为拒绝推送。它的垃圾回收也不需要停止推送',
  }),
  ...['azure', 'gcs', 'inmemory', 'oss', 's3', 's3aws', 'swift'].map((driver) =>
    refusedSection(`storage.${driver}`, [], {
      en: 'Berth keeps its objects in the data directory and nowhere else yet',
      zh: 'Berth 目前只把对象保存在数据目录中',
    }),
  ),

  ignored('storage.filesystem', [''], { en: 'the directory is all that can be chosen', zh: '只能选择目录' }),
  ignored('storage.filesystem.maxthreads', [''], { en: 'Berth bounds its own work', zh: 'Berth 自行限制并发' }),
  ignored('storage.redirect.disable', ['true', 'false'], {
    en: 'Berth always sends the bytes itself, as the filesystem driver does',
    zh: 'Berth 总是自己发送内容，与 filesystem 驱动相同',
  }),
  ignored('storage.tag.concurrencylimit', [''], {
    en: 'the tags of a manifest are one look-up',
    zh: '查询一个 manifest 的标签只需一次查找',
  }),
  ignoredSection('storage.cache', ['', 'inmemory'], {
    en: 'Berth keeps what it needs in memory by itself and looks the rest up in its database',
    zh: 'Berth 自行在内存中缓存所需的内容，其余从数据库中查找',
  }),
  ignored('storage.maintenance.uploadpurging.interval', [''], {
    en: 'an upload is removed when it expires',
    zh: '上传一旦过期即被清除',
  }),
  ignoredSection('redis', [''], { en: 'Berth uses no Redis', zh: 'Berth 不使用 Redis' }),
  ignored('http.relativeurls', ['true'], { en: 'Locations are always relative', zh: 'Location 总是相对路径' }),
  ignored('http.secret', [''], {
    en: 'Berth makes a secret of its own, which all servers on one database share',
    zh: 'Berth 自行生成密钥，同一数据库上的所有服务共用',
  }),
  ignoredSection('http.headers', ['', 'nosniff'], {
    en: 'answers have `X-Content-Type-Options: nosniff`; let a proxy in front add others',
    zh: '应答总带有 `X-Content-Type-Options: nosniff`；其他头请由前面的代理添加',
  }),
  ignored('http.debug.prometheus.enabled', ['true', 'false'], { en: 'metrics are always there', zh: '指标总是提供' }),
  ignored('http.debug.prometheus.path', ['', '/metrics'], { en: 'the path is `/metrics`', zh: '路径固定为 `/metrics`' }),
  ignoredSection('http.tls.ciphersuites', [''], {
    en: 'Berth takes those with forward secrecy and authenticated encryption, and no others',
    zh: 'Berth 只使用具备前向保密和认证加密的套件',
  }),
  ignored('http.http2.disabled', ['true'], { en: 'Berth speaks HTTP/1.1', zh: 'Berth 使用 HTTP/1.1' }),
  ignored('http.h2c.enabled', ['false'], { en: 'Berth speaks HTTP/1.1', zh: 'Berth 使用 HTTP/1.1' }),
  ignored('log.accesslog.disabled', ['false'], {
    en: 'requests are logged at the level `info`; `log.level: warn` leaves them out',
    zh: '请求以 `info` 级别记录；`log.level: warn` 可以略去',
  }),
  ignored('log.formatter', ['', 'json'], { en: 'the log is JSON lines', zh: '日志为 JSON 行' }),
  ignored('log.reportcaller', ['false'], { en: 'the log names no source files', zh: '日志不注明源文件' }),
  ignoredSection('log.fields', [''], { en: 'let what collects the log add them', zh: '请由收集日志的程序添加' }),
  ignoredSection('log.hooks', [''], { en: 'Berth sends no mail', zh: 'Berth 不发送邮件' }),
  ignoredSection('notifications', [''], {
    en: 'Berth does not call anyone yet: nobody is notified',
    zh: 'Berth 目前不会发出通知：没有人会收到通知',
  }),
  ignoredSection('health', ['', 'false'], {
    en: '`/readyz` answers whether Berth can serve; it checks nothing else',
    zh: '`/readyz` 回答 Berth 能否提供服务；它不检查其他内容',
  }),
  ignored('catalog.maxentries', [''], { en: 'a page has at most 1,000 repositories', zh: '每页最多 1,000 个仓库' }),
  ignored('tags.maxtags', [''], { en: 'a page has at most 10,000 tags', zh: '每页最多 10,000 个标签' }),
  ignoredSection('compatibility.schema1', ['', 'false'], {
    en: 'schema 1 manifests are refused',
    zh: '不接受 schema 1 的 manifest',
  }),
  ignoredSection('reporting', [''], { en: 'Berth reports to nobody', zh: 'Berth 不向任何服务上报' }),
]

function sets(path: string, key: string, read: Reader, text: Text): DistributionKey {
  return { path, section: false, fate: 'sets', sets: key, read, text }
}

function ignored(path: string, same: readonly string[], text: Text): DistributionKey {
  return { path, section: false, fate: 'ignored', same, text }
}

function ignoredSection(path: string, same: readonly string[], text: Text): DistributionKey {
  return { path, section: true, fate: 'ignored', same, text }
}

function refused(path: string, same: readonly string[], text: Text): DistributionKey & Unheard {
  return { path, section: false, fate: 'refused', same, text }
}

function refusedSection(path: string, same: readonly string[], text: Text): DistributionKey {
  return { path, section: true, fate: 'refused', same, text }
}
