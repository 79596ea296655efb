import { z } from 'zod'
import { key } from './documented-key.ts'
import { collectionKeys } from './collection-keys.ts'
import { checkRole, checkTls, checkToken, ifInOrder } from './related-keys.ts'
import { tokenKeys } from './token-keys.ts'
import {
  address,
  choice,
  count,
  directory,
  duration,
  file,
  networks,
  origin,
  password,
  postgresUrl,
  rate,
  size,
  toggle,
} from './values.ts'

/**
 * Every key of the configuration: its name, how its text is read, its default, what it is for. Nothing about a key is said
 * anywhere else. Values arrive as text wherever they come from (flag, environment, file), and defaults are written the same way.
 */
export const configSchema = z
  .strictObject({
    listen: key(address().prefault('127.0.0.1:5000'), {
      en:
        'The address and port to serve on, as `HOST:PORT`; an IPv6 address stands in brackets, and port `0` takes any free ' +
        'port.',
      zh: '提供服务的地址和端口，写作 `HOST:PORT`；IPv6 地址要加方括号，端口 `0` 表示任选一个空闲端口。',
      flag: true,
    }),
    data: key(directory().prefault('./data'), {
      en: 'The directory for everything Berth stores, created when missing. A relative path starts at the working directory.',
      zh: '保存 Berth 全部数据的目录，不存在时会自动创建。相对路径以当前工作目录为起点。',
      flag: true,
    }),
    open: key(toggle().prefault('false'), {
      en:
        'Nobody needs to log in: anyone who can reach the address may pull, push and delete. For a laptop or a CI job. Without it Berth ' +
        'asks who is there, also on this machine.',
      zh: '不需要登录：任何能访问该地址的人都可以拉取、推送和删除。适用于个人电脑或 CI 任务。不打开时，Berth 会验证身份，在本机访问也一样。',
      flag: true,
    }),
    workers: key(count(1, 64).prefault('1'), {
      en:
        'How many threads answer requests, each with memory of its own: as many as there are cores for them. Only where one ' +
        'thread is not enough; one more writes an SQLite database.',
      zh: '由多少个线程处理请求，每个线程各占内存：可以与能用的核数相同。只在一个线程不够用时才需要增加；另有一个线程负责写 SQLite 数据库。',
      flag: true,
    }),
    role: key(choice(['all', 'serve', 'work']).prefault('all'), {
      en: 'What this process does: answer requests, the work beside them (collection, jobs), or both. Roles apart need PostgreSQL.',
      zh: '本进程做什么：`serve` 只处理请求，`work` 只做请求之外的工作（垃圾回收、任务），`all` 两者都做。分工需要 PostgreSQL。',
      flag: true,
    }),
    tls: z.strictObject({
      certificate: key(file().optional(), {
        en:
          'The file with the certificate that clients see, and behind it those that lead to its issuer, in PEM. With it `listen` ' +
          'speaks TLS and nothing else; it needs `tls.key`. When the file changes, new connections get the new certificate, and ' +
          'those that stand go on.',
        zh:
          '客户端看到的证书文件，后面附上通往签发者的中间证书，PEM 格式。设置后 `listen` 只提供 TLS；同时需要 `tls.key`。' +
          '文件更换后，新连接使用新证书，已有连接不受影响。',
      }),
      key: key(file().optional(), {
        en: 'The file with the private key of the certificate, in PEM and not encrypted.',
        zh: '证书私钥的文件，PEM 格式，不加密。',
      }),
      minimum: key(choice(['1.2', '1.3']).prefault('1.2'), {
        en: 'The oldest version of TLS that is spoken.',
        zh: '接受的最低 TLS 版本。',
      }),
      redirect: key(address().optional(), {
        en:
          'A second address and port that speaks plain HTTP, and sends whoever comes there to `listen` under https (308). When it is ' +
          'not set, plain HTTP is refused.',
        zh: '第二个地址和端口，只接受明文 HTTP，并以 308 把来访者引到 `listen` 的 https 地址。不设置时拒绝明文 HTTP。',
      }),
    }),
    proxy_protocol: z.strictObject({
      from: key(networks().prefault('none'), {
        en:
          'The proxies that begin each connection to `listen` with a PROXY header (version 1 or 2), as networks or single addresses. ' +
          'The client named there is who calls, to the log and to limits. One of them that sends no such header is cut off; ' +
          'from anyone else the header is a mistake.',
        zh:
          '哪些代理会在到 `listen` 的每个连接开头发送 PROXY 头（版本 1 或 2），写作网段或单个地址。日志和限额以其中的客户端为准。' +
          '这些代理不发送该头时连接会被关闭；其他任何地址发送该头都是错误。',
      }),
    }),
    admin: z.strictObject({
      password: key(password().optional(), {
        en:
          'The password of the account `admin`, which is made at the first start when nobody can administer the registry. When it is not set, ' +
          'one is generated, shown once and kept in the file `initial-admin-password` of the data directory until it is changed. Later it ' +
          'means nothing.',
        zh:
          '首次启动、尚无管理员时所创建的账号 `admin` 的密码。不设置时自动生成：只显示一次，并保存在数据目录的 `initial-admin-password` 文件中，' +
          '直到密码被修改。之后此项不再起作用。',
        secret: true,
      }),
    }),
    database: z.strictObject({
      url: key(postgresUrl().optional(), {
        en: 'The PostgreSQL database to use. When it is not set, Berth keeps an SQLite database in the data directory.',
        zh: '要使用的 PostgreSQL 数据库。不设置时，Berth 使用数据目录中的 SQLite 数据库。',
        secret: true,
      }),
    }),
    gc: collectionKeys,
    trash: z.strictObject({
      retention: key(duration('0s', '3650d').prefault('7d'), {
        en:
          'How long deleted tags, manifests, blobs, repositories and projects can be brought back. They take room until then, or until somebody ' +
          'purges them. `0s`: what is deleted is gone at once. What is in the trash keeps the time that it was given when it was ' +
          'deleted, whatever is set here later.',
        zh:
          '已删除的标签、manifest、blob、仓库和项目在多长时间内可以恢复。在此之前，或在有人清除它们之前，它们仍占用空间。`0s` 表示删除后立即消失。' +
          '已在回收站中的内容保留删除时给定的期限，以后更改此设置不影响它们。',
      }),
    }),
    uploads: z.strictObject({
      expiry: key(duration('1s', '3650d').prefault('24h'), {
        en: 'How long an unfinished upload that receives no bytes can still be resumed. After that it is removed.',
        zh: '未完成的上传在没有收到新数据时，多长时间之内还可以续传；超过之后即被清除。',
      }),
    }),
    push: z.strictObject({
      sparse: key(choice(['off', 'index', 'all']).prefault('off'), {
        en:
          'What a manifest may name that its repository does not have: nothing (`off`), the images that an `index` lists, for ' +
          'copies of a few platforms of an image, or layers and configs too (`all`). What is missing can be pushed later.',
        zh:
          '推送的 manifest 可以引用其仓库中没有的哪些内容：`off` 表示不允许缺少任何内容；`index` 表示索引所列的镜像可以缺少，用于只复制部分平台；' +
          '`all` 表示层和配置也可以缺少。缺少的内容可以以后再推送。',
      }),
    }),
    limits: z.strictObject({
      manifest: key(size('4MB', '64MiB').prefault('4MiB'), {
        en: 'The largest manifest a push may contain. Clients rely on 4 MB being accepted.',
        zh: '推送中单个 manifest 的最大体积。客户端默认 4 MB 的 manifest 会被接受。',
      }),
      requests: key(count(1, 1_000_000).prefault('8192'), {
        en:
          'How many requests may be under way at once. Further ones are answered with 503 and Retry-After. One is under way until its ' +
          'answer begins: uploads count while they come in, downloads do not count while they go out.',
        zh: '同时处理的请求数上限，超出的请求以 503 和 Retry-After 应答。请求从到达算起，到应答开始为止：上传在接收期间计入，下载在发送期间不计入。',
      }),
      requests_per_address: key(count(1, 1_000_000).prefault('4096'), {
        en:
          'The same for one address; further requests are answered with 429 and Retry-After. An IPv6 address stands for its /64. ' +
          'Leave room for all clients behind one NAT or proxy: a push sends five layers at once.',
        zh: '单个客户端地址的同类上限，超出的请求以 429 和 Retry-After 应答。IPv6 地址按 /64 网段计。要为同一 NAT 或代理后面的所有客户端留足余量：一次推送会同时上传五个层。',
      }),
      connections: key(count(1, 1_000_000).optional(), {
        en: 'How many connections clients may have open at once. Further ones are closed as they come; those at `tls.redirect` are counted by themselves. When it is not set there is no limit.',
        zh: '客户端同时打开的连接数上限，超出的连接一建立即被关闭；`tls.redirect` 的连接单独计数。不设置则没有上限。',
      }),
      connections_per_address: key(count(1, 1_000_000).optional(), {
        en:
          'The same for one address; an IPv6 address stands for its /64. Behind a proxy all clients have its address, unless it sends ' +
          'PROXY headers (`proxy_protocol.from`). Where there is no TLS, each of these two limits makes requests cost somewhat more.',
        zh:
          '单个客户端地址的同类上限；IPv6 地址按 /64 网段计。代理后面的所有客户端都是代理的地址，除非它发送 PROXY 头（`proxy_protocol.from`）。' +
          '没有启用 TLS 时，这两个上限都会使每个请求的开销略有增加。',
      }),
    }),
    storage: z.strictObject({
      verify: key(choice(['first', 'always', 'never']).prefault('first'), {
        en:
          'When to compare the bytes of a blob with its digest while they are read: the `first` time after each start, ' +
          '`always`, or `never`.',
        zh: '读取 blob 时何时用摘要核对内容：`first` 为每次启动后的第一次读取，`always` 为每次，`never` 为从不。',
      }),
      scrub: key(rate('64KiB', '100GiB').prefault('16MiB'), {
        en:
          'How much a second the scrubber reads, which compares everything stored with its digest once a day or as often as this ' +
          'rate allows, marks what is damaged and logs it; `off` for never.',
        zh: '后台校验每秒读取多少数据：它每天一次（或在该速率允许的范围内）用摘要核对保存的全部内容，标记并记录损坏之处；`off` 表示从不。',
      }),
    }),
    inventory: z.strictObject({
      retention: key(duration('1h', '3650d').prefault('7d'), {
        en:
          'How long a report of what runs in a cluster counts after the time at which it was seen: so long no rule removes those images. ' +
          'Longer than the longest pause between two reports.',
        zh: '集群上报的“正在运行的镜像”从其观察时间起多久之内有效：在此期间任何规则都不会清除这些镜像。应当长于两次上报之间最长的间隔。',
      }),
    }),
    jobs: z.strictObject({
      at_once: key(count(0, 64).prefault('2'), {
        en: 'How many jobs this process runs at a time; further ones wait in the queue. `0` for none: another process has to run them.',
        zh: '本进程同时运行多少个后台任务，其余的在队列中等待。`0` 表示一个也不运行，由其他进程来做。',
      }),
      lease: key(duration('1s', '1h').prefault('30s'), {
        en:
          'How long a job stays with a process that is not heard of: after that another one goes on with it. A process says three times as ' +
          'often that it lives.',
        zh: '进程没有消息之后，其任务还为它保留多久：超过之后由其他进程接手。进程以三倍的频率报告自己仍在运行。',
      }),
    }),
    usage: z.strictObject({
      retention: key(duration('1d', '3660d').prefault('400d'), {
        en: 'How long it is kept what was pulled and pushed on each day, by project, repository and caller.',
        zh: '每天拉取和推送的数量（按项目、仓库和使用者）保留多久。',
      }),
    }),
    http: z.strictObject({
      drain: key(duration('0s', '24h').prefault('30s'), {
        en: 'How long a shutdown waits for running requests before it cuts them off.',
        zh: '关闭时最多等待正在处理的请求多久，之后强行中断。',
      }),
      trusted_proxies: key(networks().prefault('none'), {
        en:
          'The proxies whose word about who calls counts, as networks or single addresses. The log and limits then see the client ' +
          'that `http.forwarded_header` names; from anyone else the header is not even read. Name proxies only, not networks with ' +
          'clients in them.',
        zh:
          '信任哪些代理所说的来访者，写作网段或单个地址。此后日志和限额以 `http.forwarded_header` 中的客户端为准；' +
          '来自其他任何地址的该头都不会被读取。只写代理的地址，不要写含有客户端的网段。',
      }),
      forwarded_header: key(choice(['x-forwarded-for', 'forwarded']).prefault('x-forwarded-for'), {
        en:
          'The header in which the trusted proxies write down who calls. The other one is ignored, since a proxy may hand on what a ' +
          'client wrote there.',
        zh: '受信任的代理用哪个头写明来访者。另一个头会被忽略，因为代理可能原样转交客户端写在其中的内容。',
      }),
      external_url: key(origin().optional(), {
        en:
          'The origin that clients know Berth by, such as `https://registry.example.com`: there they are told to get tokens. When it is not ' +
          'set, it is the host that each of them asks for, under https where they speak TLS with Berth, or with a trusted proxy that says so in ' +
          '`X-Forwarded-Proto`.',
        zh:
          '客户端访问 Berth 所用的地址，例如 `https://registry.example.com`，它们会到那里获取令牌。不设置时为客户端所请求的主机；' +
          '客户端与 Berth 之间，或与在 `X-Forwarded-Proto` 中如此说明的受信任代理之间使用 TLS 时为 https。',
      }),
    }),
    token: tokenKeys,
    ops: z.strictObject({
      listen: key(address().optional(), {
        en:
          'A second address and port, for operators alone: `/metrics` for Prometheus, `/readyz` with what is wrong, CPU profiles. ' +
          'When it is not set there is none. There is no login: let nobody but your monitoring reach it.',
        zh: '专供运维使用的第二个地址和端口：供 Prometheus 抓取的 `/metrics`、会说明原因的 `/readyz`、CPU 采样。不设置则不开启。它没有登录：只应让监控系统访问。',
      }),
    }),
    log: z.strictObject({
      level: key(choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).prefault('info'), {
        en: 'The least important kind of message that is logged.',
        zh: '记录哪个级别及以上的日志。',
      }),
    }),
  })
  .superRefine(checkToken, ifInOrder('token'))
  .superRefine(checkRole, ifInOrder('role', 'database'))
  .superRefine(checkTls, ifInOrder('tls'))

/** The configuration as the program uses it: durations in milliseconds, sizes in bytes, `data` an absolute path. Frozen. */
export type Config = Frozen<z.output<typeof configSchema>>

type Frozen<T> = { readonly [K in keyof T]: T[K] extends object ? Frozen<T[K]> : T[K] }
